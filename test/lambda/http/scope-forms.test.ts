import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { sendJson } from '../../support/fake-upstream.ts';
import { errorOf, type Stage, startStage } from '../../support/stage.ts';

let stage: Stage;
let key: string;
beforeAll(async () => {
  stage = await startStage({ config: { models: { fast: ['openai/gpt-ok', 'openai/gpt-forbidden'] } } });
  key = await stage.gateway.addKey({ models: ['gpt-ok'] });
});
afterAll(() => stage.stop());
beforeEach(() => {
  stage.upstream.received.length = 0;
  stage.answer = (_, response) => sendJson(response, { text: 'ok' });
});

const auth = () => ({ authorization: `Bearer ${key}` });

/** Long enough to be taken for one, and in no value. */
const BOUNDARY = 'a-boundary-of-nobody-0123456789';

/** A form as written by hand: what no client's library would send. */
const send = (
  parts: readonly string[],
  boundary = BOUNDARY,
  type = `multipart/form-data; boundary=${boundary}`,
) =>
  stage.gateway.fetch('/audio/transcriptions', {
    method: 'POST',
    headers: { ...auth(), 'content-type': type },
    body: `${parts.map((part) => `--${boundary}\r\n${part}\r\n`).join('')}--${boundary}--\r\n`,
  });
const field = (name: string, value: string) => `content-disposition: form-data; ${name}\r\n\r\n${value}`;
const OK = field('name="model"', 'gpt-ok');
const BAD = 'gpt-forbidden';

describe('a form', () => {
  test('with the allowed model goes on, made anew', async () => {
    expect((await send([OK, field('name="language"', 'en')])).status).toBe(200);
    const [received] = stage.upstream.received;
    const type = String(received?.headers['content-type']);
    expect(type).not.toContain(BOUNDARY);
    const read = await new Response(received?.body, { headers: { 'content-type': type } }).formData();
    expect([...read]).toEqual([
      ['model', 'gpt-ok'],
      ['language', 'en'],
    ]);
    expect(Number(received?.headers['content-length'])).toBe(received?.body.byteLength);
  });

  test.each<[string, string, string[]]>([
    ['two models', 'ambiguous_model', [OK, field('name="model"', BAD)]],
    ['two models, the allowed one last', 'ambiguous_model', [field('name="model"', BAD), OK]],
    ['a model in capitals', 'ambiguous_model', [OK, field('name="Model"', BAD)]],
    ['a model with white space', 'ambiguous_model', [OK, field('name=" model"', BAD)]],
    ['a model as a file', 'model_not_allowed', [field('name="model"; filename="m"', BAD)]],
    ['another model', 'model_not_allowed', [field('name="model"', BAD)]],
    ['the allowed model and a line', 'model_not_allowed', [field('name="model"', `gpt-ok\r\n${BAD}`)]],
    ['no model', 'model_not_allowed', [field('name="language"', 'en')]],
  ])('with %s reaches nobody', async (_, code, parts) => {
    expect(await errorOf(await send(parts))).toMatchObject({ code });
    expect(stage.upstream.received).toEqual([]);
  });

  test.each<[string, string[], string, string]>([
    [
      'two boundaries',
      [OK],
      BOUNDARY,
      `multipart/form-data; boundary=${'x'.repeat(30)}; boundary=${BOUNDARY}`,
    ],
    ['no boundary', [OK], BOUNDARY, 'multipart/form-data'],
    ['another boundary', [OK], BOUNDARY, `multipart/form-data; boundary=${'c'.repeat(30)}`],
    ['an empty boundary', [OK], '', 'multipart/form-data; boundary=""'],
    ['another kind', [OK], BOUNDARY, `multipart/mixed; boundary=${BOUNDARY}`],
    ['no kind', [OK], BOUNDARY, 'application/x-www-form-urlencoded'],
  ])('with %s hides no model: what reaches the provider names the allowed one alone', async (...form) => {
    const [, parts, boundary, type] = form;
    const answer = await send([...parts, field('name="note"', 'n')], boundary, type);
    if (answer.status !== 200) {
      expect([400, 403]).toContain(answer.status);
      expect(stage.upstream.received).toEqual([]);
      return;
    }
    const [received] = stage.upstream.received;
    const made = { headers: { 'content-type': String(received?.headers['content-type']) } };
    const read = await new Response(received?.body, made).formData();
    expect(read.getAll('model')).toEqual(['gpt-ok']);
  });

  test.each([
    ['in front of the first part', (form: string) => `${OK}\r\n${form}`],
    ['behind the last part', (form: string) => `${form}--${BOUNDARY}\r\n${field('name="model"', BAD)}\r\n`],
    ['in a part within a part', (form: string) => form.replace('gpt-ok', `gpt-ok\r\n--c\r\n${BAD}`)],
  ])('with a second model %s never carries it on', async (_, change) => {
    const plain = `--${BOUNDARY}\r\n${OK}\r\n--${BOUNDARY}--\r\n`;
    const init = { headers: { ...auth(), 'content-type': `multipart/form-data; boundary=${BOUNDARY}` } };
    const answer = await stage.gateway.fetch('/audio/transcriptions', {
      ...init,
      method: 'POST',
      body: change(plain),
    });
    expect([200, 400, 403]).toContain(answer.status);
    expect(stage.upstream.received.map(({ body }) => body.toString()).join()).not.toContain(BAD);
  });
});

describe('GET /models', () => {
  test('lists exactly what a call may use', async () => {
    stage.answer = ({ method }, response) =>
      sendJson(response, method === 'GET' ? { data: [{ id: 'gpt-ok' }, { id: BAD }] } : { choices: [] });
    const listed = await stage.gateway.fetch('/models', { headers: auth() });
    const { data } = (await listed.json()) as { data: { id: string }[] };
    const ids = data.map(({ id }) => id);
    const all = await (await stage.gateway.fetch('/models')).json();
    const known = (all as { data: { id: string }[] }).data.map(({ id }) => id);
    expect(known).toContain(BAD);
    for (const model of new Set([...known, ...ids, 'gpt-unlisted'])) {
      const body = { model, messages: [{ role: 'user', content: 'x' }] };
      const { status } = await stage.gateway.post('/chat/completions', body, { headers: auth() });
      expect({ model, status }).toEqual({ model, status: ids.includes(model) ? 200 : 403 });
      const one = await stage.gateway.fetch(`/models/${model}`, { headers: auth() });
      expect(one.status).toBe(ids.includes(model) ? 200 : 404);
    }
  });
});
