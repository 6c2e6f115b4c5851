import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ConfigError } from '../../lambda/config.ts';
import { findGatewayJson } from '../../lib/gateway-json.ts';

describe('findGatewayJson', () => {
  let project: string;
  beforeEach(() => {
    project = mkdtempSync(join(tmpdir(), 'sluice-'));
  });
  afterEach(() => rmSync(project, { recursive: true }));

  test('finds gateway.json in the project', () => {
    // GIVEN
    writeFileSync(join(project, 'gateway.json'), '{"retries":{"attempts":2}}');
    // THEN
    expect(findGatewayJson(undefined, project)).toBe(join(project, 'gateway.json'));
  });

  test('does without one', () => {
    // THEN
    expect(findGatewayJson(undefined, project)).toBeUndefined();
  });

  test('refuses a file that is named and not there', () => {
    // THEN
    expect(() => findGatewayJson('production.json', project)).toThrow(
      new ConfigError(
        `The context key config names ${join(project, 'production.json')}: there is no such file.`,
      ),
    );
  });

  test('refuses a mistake, naming the file and the field', () => {
    // GIVEN
    writeFileSync(join(project, 'production.json'), '{"retries":{"attempt":2}}');
    // THEN
    expect(() => findGatewayJson('production.json', project)).toThrow(/^production\.json: retries\.attempt /);
  });
});
