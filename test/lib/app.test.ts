import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { PROJECT_ROOT } from '../../lib/gateway-json.ts';
import { CDK_JSON } from './synthesize.ts';

// Each test starts a process that loads the CDK.
jest.setTimeout(60_000);

describe('The CDK app', () => {
  let outdir: string;
  beforeEach(() => {
    outdir = mkdtempSync(join(tmpdir(), 'sluice-'));
  });
  afterEach(() => rmSync(outdir, { recursive: true }));

  /** Runs what cdk.json names as the CLI does, with no credentials and no region in the environment. */
  function run(context: Record<string, unknown>) {
    const [node, ...args] = CDK_JSON.app.split(' ');
    return spawnSync(node ?? '', args, {
      cwd: PROJECT_ROOT,
      encoding: 'utf8',
      env: {
        PATH: process.env.PATH ?? '',
        CDK_OUTDIR: outdir,
        CDK_CONTEXT_JSON: JSON.stringify({ ...CDK_JSON.context, 'aws:cdk:bundling-stacks': [], ...context }),
      },
    });
  }

  function templates(): string[] {
    return readdirSync(outdir).filter((name) => name.endsWith('.template.json'));
  }

  test('makes both stacks offline, without a word', () => {
    // WHEN
    const { status, stdout, stderr } = run({});
    // THEN
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(templates().sort()).toEqual(['SluiceData.template.json', 'SluiceGateway.template.json']);
  });

  test('makes a second gateway under another prefix', () => {
    // WHEN
    run({ stackPrefix: 'TeamB' });
    // THEN
    expect(templates().sort()).toEqual(['TeamBData.template.json', 'TeamBGateway.template.json']);
  });

  test('stops at a bad choice with one line, not a stack trace', () => {
    // WHEN
    const { status, stderr } = run({ memorySize: 'lots' });
    // THEN
    expect(status).toBe(1);
    expect(stderr).toBe(
      'The context key memorySize must be a whole number from 128 to 10240. It is "lots".\n',
    );
    expect(templates()).toEqual([]);
  });

  test("has all of the CDK's recommended feature flags", () => {
    // GIVEN
    const recommended = createRequire(import.meta.url)('aws-cdk-lib/recommended-feature-flags.json');
    // THEN
    expect(CDK_JSON.context).toMatchObject(recommended);
  });
});
