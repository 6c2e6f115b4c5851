import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { deliver } from '../../../../lambda/gateway/records/deliver-record.ts';
import { createLog } from '../../../../lambda/log.ts';
import { FixedKeyRing } from '../../../../lambda/stores/fixed-key-ring.ts';
import { otlpRequestLog } from '../../../../lambda/stores/otlp-request-log.ts';
import type { RequestRecord } from '../../../../lambda/stores/request-log.ts';
import { fileRequestLog } from '../../../../local/request-log.ts';
import { type CoreGateway, type CoreStage, startCore } from '../../../support/core-stage.ts';
import {
  type Answer,
  chatStream,
  completion,
  type FakeUpstream,
  SSE,
  sendJson,
  startUpstream,
} from '../../../support/fake-upstream.ts';
import { contentOf, type OtlpSpan, spanIn } from '../../../support/otlp.ts';
import { requestRecord } from '../../../support/request-record.ts';
import { signal } from '../../../support/stage.ts';

const PROMPT = 'canary-prompt';
const ANSWER = 'canary-answer';
const MESSAGES = [{ role: 'user', content: PROMPT }];
const LOGGED = { headers: { 'x-bt-parent': 'project_name:mine' } };

let stage: CoreStage;
let collector: FakeUpstream;
let collect: Answer;
let gateway: CoreGateway;
let key: string;
beforeEach(async () => {
  collect = (_, response) => sendJson(response, {});
  collector = await startUpstream((...call) => collect(...call));
  stage = await startCore();
  const otlp = otlpRequestLog(collector.origin, {}, new FixedKeyRing(new Map()));
  const requestLogs = [fileRequestLog(stage.folder), ...(otlp ? [otlp] : [])];
  gateway = stage.gateway({ retries: { attempts: 1 } }, { requestLogs });
  key = await stage.addKey();
  stage.answer = (request, response) =>
    request.body.includes('"stream":true')
      ? void response.writeHead(200, SSE).end(chatStream([ANSWER], true))
      : sendJson(response, completion(ANSWER));
});
afterEach(async () => {
  await stage.stop();
  await collector.close();
});

/** The answer, whole, and the span that was made of it. */
async function logged(
  call: Promise<Response>,
): Promise<{ response: Response; text: string; span: OtlpSpan }> {
  const response = await call;
  const text = await response.text();
  await gateway.settled();
  const span = spanIn(collector.received.at(-1)?.body.toString() ?? '');
  expect(span.spanId).toBe(response.headers.get('x-bt-span-id'));
  return { response, text, span };
}

/** Everything that is kept: the data folder's files and the log. */
function kept(): string {
  const files = readdirSync(stage.folder, { recursive: true, withFileTypes: true }).filter((each) =>
    each.isFile(),
  );
  const texts = files.map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'latin1'));
  return [...texts, ...stage.lines].join('\n');
}

describe('without being asked for', () => {
  const FAILING: [string, Answer][] = [
    ['answers', (_, response) => sendJson(response, completion(ANSWER))],
    [
      'refuses',
      (request, response) => sendJson(response, { error: { message: request.body.toString() } }, 400),
    ],
    [
      'fails',
      (request, response) => sendJson(response, { error: { message: request.body.toString() } }, 500),
    ],
    ['breaks', (_, __, message) => void message.socket.resetAndDestroy()],
    ['streams', (_, response) => void response.writeHead(200, SSE).end(chatStream([ANSWER], true))],
    [
      'streams half',
      (_, response) => void response.writeHead(200, SSE).end(chatStream([ANSWER]).slice(0, 200)),
    ],
  ];

  test.each(FAILING)('nothing of a prompt or an answer is kept where the provider %s', async (_, answer) => {
    stage.answer = answer;
    const limited = await stage.addKey({ rpm: 1_000, tpm: 100_000_000, models: ['gpt-test'] });
    for (const more of [
      {},
      { stream: true },
      { temperature: 0 },
      { temperature: 0, stream: true },
      { model: PROMPT },
    ]) {
      const response = await gateway.chat(limited, { messages: MESSAGES, ...more });
      expect(response.headers.get('x-bt-span-id')).toBeNull();
      await response.text().catch(() => undefined);
    }
    await (await gateway.post('/responses', { model: 'gpt-test', input: PROMPT }, limited))
      .text()
      .catch(() => undefined);
    await gateway.settled();
    expect(kept()).not.toContain('canary');
    expect(collector.received).toEqual([]);
    expect(existsSync(join(stage.folder, 'requests.jsonl'))).toBe(false);
  });
});

describe('a span', () => {
  test('is made of a hit, which cost nothing', async () => {
    const body = { messages: MESSAGES, temperature: 0 };
    const first = await logged(gateway.chat(key, body, LOGGED));
    const second = await logged(gateway.chat(key, body, LOGGED));
    expect(second.response.headers.get('x-bt-cached')).toBe('HIT');
    expect([first, second].map(({ span }) => contentOf(span, 'sluice.cached'))).toEqual([false, true]);
    expect(String(contentOf(second.span, 'gen_ai.output.messages'))).toContain(ANSWER);
    expect(second.span.attributes).not.toHaveProperty('sluice.cost_usd');
    expect(stage.upstream.received).toHaveLength(1);
  });

  test.each<[string, object, object, string]>([
    ['scope', { models: ['gpt-other'] }, {}, 'model_not_allowed'],
    ['limit', { tpm: 1 }, {}, 'rate_limit_exceeded'],
    ['budget', { budget: { usd: 1, per: 'day' } }, { model: 'nobody-knows' }, 'price_unknown'],
  ])('is made of what a %s refuses, with what was asked and why', async (_, rights, more, code) => {
    const refused = await stage.addKey(rights);
    const { span, response } = await logged(gateway.chat(refused, { messages: MESSAGES, ...more }, LOGGED));
    expect(span.status).toMatchObject({ code: 2 });
    expect(contentOf(span, 'error.type')).toBe(code);
    expect(contentOf(span, 'http.response.status_code')).toBe(String(response.status));
    expect(String(contentOf(span, 'gen_ai.input.messages'))).toContain(PROMPT);
    expect(stage.upstream.received).toEqual([]);
  });

  test('of a request that is larger than a log takes its beginning, and the answer is whole', async () => {
    const long = `${PROMPT}${'ü'.repeat(2_000_000)}`;
    const words = 'long '.repeat(600_000);
    stage.answer = (_, response) => sendJson(response, completion(words));
    const call = gateway.chat(key, { messages: [{ role: 'user', content: long }] }, LOGGED);
    const { text, span } = await logged(call);
    expect(JSON.parse(text).choices[0].message.content).toHaveLength(words.length);
    expect(contentOf(span, 'sluice.truncated')).toBe(true);
    expect(String(contentOf(span, 'gen_ai.input.messages')).length).toBeLessThan(1_500_000);
    expect(String(contentOf(span, 'gen_ai.output.messages')).length).toBeLessThan(1_500_000);
  });

  test('of embeddings has their input', async () => {
    stage.answer = (_, response) =>
      sendJson(response, {
        object: 'list',
        data: [],
        model: 'e',
        usage: { prompt_tokens: 2, total_tokens: 2 },
      });
    const { span } = await logged(gateway.post('/embeddings', { model: 'e', input: [PROMPT] }, key, LOGGED));
    expect(span.name).toBe('embeddings e');
    expect(contentOf(span, 'gen_ai.usage.input_tokens')).toBe('2');
    expect(String(contentOf(span, 'gen_ai.input.messages'))).toContain(PROMPT);
  });

  test('of bytes on the fallthrough has none of them', async () => {
    stage.answer = (_, response) =>
      void response.writeHead(200, { 'content-type': 'audio/mpeg' }).end(ANSWER);
    const body = new Uint8Array(Buffer.from(PROMPT));
    const headers = { ...LOGGED.headers, authorization: `Bearer ${key}`, 'content-type': 'audio/wav' };
    const { span, text } = await logged(gateway.fetch('/audio/x', { method: 'POST', body, headers }));
    expect(text).toBe(ANSWER);
    expect(JSON.stringify(span)).not.toContain('canary');
    expect(span.name).toBe('POST /audio/x');
  });

  test.each([
    ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', true],
    ['00-00000000000000000000000000000000-b7ad6b7169203331-01', false],
    ['00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01', false],
    ['ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', false],
    ['00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01', false],
    [PROMPT, false],
  ])('under the trace parent %s stands in it: %s', async (traceparent, within) => {
    const { span } = await logged(gateway.chat(key, {}, { headers: { ...LOGGED.headers, traceparent } }));
    expect(span.traceId === '0af7651916cd43dd8448eb211c80319c').toBe(within);
    expect(span.parentSpanId).toBe(within ? 'b7ad6b7169203331' : undefined);
  });
});

describe('a collector that never answers', () => {
  test.each([{}, { stream: true }, { temperature: 0 }])(
    'keeps no caller from the last byte: %j',
    async (more) => {
      const [asked, open] = [signal(), signal()];
      collect = async (_, response) => {
        asked.give();
        await open.given;
        sendJson(response, {}, 503);
      };
      const response = await gateway.chat(key, { messages: MESSAGES, ...more }, LOGGED);
      expect(await response.text()).toContain(ANSWER);
      // Only then is the record made: the collector still has it when the caller has everything.
      await asked.given;
      expect(stage.lines.join()).not.toContain('request not logged');
      open.give();
      await gateway.settled();
      expect(stage.lines.filter((line) => line.includes('"request not logged"'))).toHaveLength(1);
      expect(stage.lines.join()).not.toContain('canary');
      expect(readFileSync(join(stage.folder, 'requests.jsonl'), 'utf8')).toContain(ANSWER);
    },
  );

  test('takes no more than a hundred records into memory, and the log tells of the others', async () => {
    const open = signal();
    const written: string[] = [];
    const sink = {
      name: 'slow',
      async write({ requestId }: RequestRecord) {
        await open.given;
        written.push(requestId);
      },
    };
    const lines: string[] = [];
    const log = createLog((_, event, fields) => lines.push(JSON.stringify({ event, ...fields })));
    const all = Array.from({ length: 130 }, () => deliver(() => requestRecord(), [sink], log));
    open.give();
    await Promise.all(all);
    expect(written).toHaveLength(100);
    expect(lines).toEqual(
      Array(30).fill(
        JSON.stringify({ event: 'request not logged', sink: 'slow', reason: 'too many at once' }),
      ),
    );
    await deliver(() => requestRecord({ requestId: 'later' }), [sink], log);
    expect(written.at(-1)).toBe('later');
  });
});
