import { join } from 'node:path';

/**
 * Recorded provider traffic lies outside the project: in the folder that SLUICE_FIXTURES names, else beside the repository.
 * Tests that need it are skipped where it is absent.
 */
export function sharedFixture(path: string): string {
  const folder = process.env.SLUICE_FIXTURES ?? join(import.meta.dirname, '../../../shared/fixtures');
  return join(folder, path);
}
