import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';

interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const read = (path: string) =>
  (
    JSON.parse(readFileSync(join(import.meta.dirname, '..', path), 'utf8')) as {
      packages: Record<string, Locked>;
    }
  ).packages;

describe.each(['package-lock.json', 'test/lambda-runtime/package-lock.json'])('%s', (path) => {
  const packages = Object.entries(read(path));

  test('names no registry’s host', () => {
    expect(packages.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
  });

  // `npm ci` refuses a lockfile that lacks one, on every platform.
  test('has every platform’s package of an optional dependency', () => {
    const places = packages.map(([place]) => place);
    const wanted = packages.flatMap(([, { optionalDependencies = {} }]) => Object.keys(optionalDependencies));
    const missing = wanted.filter((name) => !places.some((place) => place.endsWith(`node_modules/${name}`)));
    expect(missing).toEqual([]);
  });
});
