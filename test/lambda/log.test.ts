import { describe, expect, test } from '@jest/globals';
import { Internal, KeyUnavailable, ModelNotFound } from '../../lambda/errors.ts';
import { createLog, failureFields, type LogFields } from '../../lambda/log.ts';
import { UserFolder } from '../support/local-process.ts';

describe('createLog', () => {
  test('writes what is bound and what is given, the given above the bound', () => {
    const lines: [string, string, LogFields][] = [];
    const log = createLog((...line) => lines.push(line)).with({ requestId: 'r', provider: 'a' });
    log.info('answered', { provider: 'c', status: 200 });
    log.warn('attempt failed', { provider: 'c' });
    log.error('refused', { provider: 'c' });
    log.with({ provider: 'b' }).info('relayed');
    expect(lines).toEqual([
      ['info', 'answered', { requestId: 'r', provider: 'c', status: 200 }],
      ['warn', 'attempt failed', { requestId: 'r', provider: 'c' }],
      ['error', 'refused', { requestId: 'r', provider: 'c' }],
      ['info', 'relayed', { requestId: 'r', provider: 'b' }],
    ]);
  });
});

describe('failureFields', () => {
  test('tells a gateway error by name, status, code and field, never by its message', () => {
    const fields = failureFields(new ModelNotFound('no model "a secret prompt"'));
    expect(fields).toEqual({
      error: 'ModelNotFound',
      status: 404,
      code: 'model_not_found',
      param: 'model',
    });
  });

  test('tells the cause by name, code and place, never by its message', () => {
    const cause = Object.assign(new TypeError('a secret prompt'), { code: 'ECONNRESET' });
    const fields = failureFields(new KeyUnavailable('down', { cause }));
    expect(fields).toMatchObject({ error: 'KeyUnavailable', cause: 'TypeError', causeCode: 'ECONNRESET' });
    expect(fields.at).toMatch(/^at .*log\.test\.ts:\d+/);
    expect(JSON.stringify(fields)).not.toContain('secret');
  });

  test('takes no line of a message for a place in the code', () => {
    const cause = new Error('unexpected token\n    at my secret prompt\n  at the secret end');
    expect(JSON.stringify(failureFields(cause))).not.toContain('secret');
    expect(failureFields(cause).at).toMatch(/^at .*log\.test\.ts:\d+/);
  });

  test('tells a failure that is no gateway error as a cause', () => {
    expect(failureFields(new RangeError('too far'))).toMatchObject({ cause: 'RangeError' });
    expect(failureFields(new Internal(new RangeError('too far')))).toMatchObject({
      error: 'Internal',
      cause: 'RangeError',
    });
  });

  test('names a gateway error that is the cause of another', () => {
    const cause = new KeyUnavailable('down');
    expect(failureFields(new Internal(cause))).toMatchObject({ error: 'Internal', cause: 'KeyUnavailable' });
  });

  test.each([undefined, null, 'a secret text', 5])('has nothing to tell of %p', (thrown) => {
    expect(failureFields(thrown)).toEqual({});
  });

  test('has no code where the cause has none, and none that is no text', () => {
    expect(failureFields(new Error('x')).causeCode).toBeUndefined();
    expect(failureFields(Object.assign(new Error('x'), { code: 5 })).causeCode).toBeUndefined();
  });
});

/** The lines that a function of the given module writes, run as a process of its own: they go to stdout itself. */
async function writtenBy(module: string, name: string, fields: LogFields): Promise<string> {
  const user = new UserFolder();
  try {
    const file = new URL(`../../${module}`, import.meta.url).href;
    const script = `import('${file}').then((m) => m.${name}('warn', 'it happened', ${JSON.stringify(fields)}))`;
    const { stdout, stderr } = await user.run({}, ['-e', script]).exit();
    expect(stderr).toBe('');
    return stdout;
  } finally {
    await user.remove();
  }
}

test('on AWS each line is one JSON object, whatever the values hold', async () => {
  const line = await writtenBy('lambda/log.ts', 'writeJsonLine', {
    model: 'a\nb "c"',
    status: 200,
    code: null,
  });
  expect(line).toMatch(/^\{.*\}\n$/);
  expect(JSON.parse(line)).toEqual({
    time: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T.*Z$/),
    level: 'warn',
    event: 'it happened',
    model: 'a\nb "c"',
    status: 200,
    code: null,
  });
});

test('locally a line is for reading: no empty fields, and no control characters of a caller’s', async () => {
  const fields = { requestId: 'r', model: 'a\n12:00:00 forged \u001b[31m', status: 200, code: null };
  const line = await writtenBy('local/log.ts', 'writeReadableLine', fields);
  expect(line).toMatch(/^\d\d:\d\d:\d\d WARN it happened model=a.*forged.* status=200\n$/);
  expect(line.slice(0, -1)).not.toMatch(/\p{Cc}/u);
});
