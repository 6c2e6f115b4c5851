import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { requestLine } from '../lambda/stores/request-line.ts';
import type { RequestLog } from '../lambda/stores/request-log.ts';

const MAX_LINE_BYTES = 4 * 1024 * 1024;

/** Logged requests of a local run, one JSON line each, in a file that only this user may read. */
export function fileRequestLog(dataFolder: string): RequestLog {
  const path = join(dataFolder, 'requests.jsonl');
  let last: Promise<void> = Promise.resolve();
  return {
    name: 'file',
    write(record) {
      const line = `${requestLine(record, MAX_LINE_BYTES)}\n`;
      // One after another: a line is never in the middle of another one.
      const written = last.then(() => appendFile(path, line, { mode: 0o600 }));
      last = written.catch(() => undefined);
      return written;
    },
  };
}
