import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type Answer, chunk, completion, type Received, SSE, sendJson } from './support/fake-upstream.ts';
import { LOCAL_KEY } from './support/local-gateway.ts';
import { type Stage, startStage, write, writeHead } from './support/stage.ts';

/** None of them has a form that keys are known by: only their values can give them away. */
const OPERATORS_KEY = 'canary-operator-key-of-nobody';
const OWN_KEY = 'canary-own-key-of-nobody';
const KEYS = [LOCAL_KEY, OPERATORS_KEY, OWN_KEY];
/** What a key that was cut would still show. */
const KEY_BEGINNINGS = ['sk-sluice-test', 'canary-ope', 'canary-own'];
const PROMPT = 'canary-prompt';
const ANSWER = 'canary-answer';
const COOKIE = 'canary-cookie';

let stage: Stage;
let printed: string[];

beforeAll(async () => {
  const environment = { OPENAI_API_KEY: OPERATORS_KEY };
  stage = await startStage({ environment, config: { retries: { attempts: 2 } } });
});

beforeEach(() => {
  stage.upstream.received.length = 0;
  stage.gateway.lines.length = 0;
  printed = [];
  for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const) {
    jest.spyOn(console, method).mockImplementation((...values) => {
      printed.push(values.map((value) => inspect(value, { depth: 10 })).join(' '));
    });
  }
  for (const stream of [process.stdout, process.stderr]) {
    jest.spyOn(stream, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
  }
});

afterEach(() => {
  jest.restoreAllMocks();
});

afterAll(() => stage.stop());

/** Whatever the upstream was sent, as a careless server would quote it. */
const quoted = (request: Received) => `${request.headers.authorization} sent ${request.body.toString()}`;

const REFUSALS: [string, Answer][] = [400, 401, 403, 404, 413, 429, 500, 503].flatMap((status) => [
  [
    `${status} that quotes the request in every field`,
    (request, response) => {
      const text = quoted(request);
      const headers = { 'retry-after': '0' };
      sendJson(response, { error: { message: text, type: text, code: text, param: text } }, status, headers);
    },
  ],
  [
    `${status} whose text is cut inside the key`,
    (request, response) => {
      const text = `${'x'.repeat(484)} Bearer:${request.headers.authorization?.slice(7)}`;
      response.writeHead(status, { 'content-type': 'text/plain', 'retry-after': '0' }).end(text);
    },
  ],
]);

const BROKEN: [string, Answer][] = [
  ['reset', (_request, _response, message) => void message.socket.resetAndDestroy()],
  ['HTML page', (request, response) => void response.end(`<html>${quoted(request)}</html>`)],
  ['half an answer', (request, response) => void response.end(`{"error":"${quoted(request)}`)],
  [
    'break in the body',
    async (request, response, message) => {
      writeHead(response, { 'content-type': 'application/json' });
      await write(response, `{"choices":["${ANSWER}", "${request.body.toString('hex')}"`);
      message.socket.resetAndDestroy();
    },
  ],
  ['redirect', (_request, response) => void response.writeHead(302, { location: '/else' }).end(ANSWER)],
];

const STREAMS: [string, Answer][] = [
  [
    'an error as the first frame',
    (request, response) => {
      response
        .writeHead(200, SSE)
        .end(`data: ${JSON.stringify({ error: { message: quoted(request) } })}\n\n`);
    },
  ],
  [
    'an error as a later frame',
    (request, response) => {
      const error = { message: quoted(request), type: quoted(request), code: quoted(request) };
      response.writeHead(200, SSE);
      response.end(`${chunk({ content: ANSWER })}data: ${JSON.stringify({ error })}\n\n`);
    },
  ],
  [
    'a reset',
    async (_request, response, message) => {
      writeHead(response);
      await write(response, chunk({ content: ANSWER }));
      message.socket.resetAndDestroy();
    },
  ],
  ['half a frame', (_request, response) => void response.writeHead(200, SSE).end(`data: {"x":"${ANSWER}`)],
];

const PASSING: [string, Answer][] = [
  ['an answer', (_request, response) => sendJson(response, completion(ANSWER))],
  [
    'a stream',
    (_request, response) => {
      response.writeHead(200, SSE).end(`${chunk({ content: ANSWER }, 'stop')}data: [DONE]\n\n`);
    },
  ],
];

const CALLERS: [string, Record<string, string>, string][] = [
  ['Bearer', { authorization: `Bearer ${LOCAL_KEY}` }, OPERATORS_KEY],
  ['x-api-key', { 'x-api-key': LOCAL_KEY, authorization: '' }, OPERATORS_KEY],
  ['the caller’s own key', { authorization: `Bearer ${OWN_KEY}` }, OWN_KEY],
];

const ROUTES: [string, string, object][] = [
  ['chat', '/chat/completions', { model: 'gpt-test', messages: [{ role: 'user', content: PROMPT }] }],
  [
    'stream',
    '/chat/completions',
    { model: 'gpt-test', messages: [{ role: 'user', content: PROMPT }], stream: true },
  ],
  ['embeddings', '/embeddings', { model: 'text-embedding-test', input: PROMPT }],
];

/** Everything the caller gets: status line, headers and as much of the body as comes. */
async function call(path: string, body: object, headers: Record<string, string>): Promise<string> {
  const sent = new Headers({
    'content-type': 'application/json',
    cookie: COOKIE,
    'x-forwarded-for': '10.9.8.7',
    'proxy-authorization': `Basic ${LOCAL_KEY}`,
    'x-forwarded-authorization': LOCAL_KEY,
    'x-goog-api-key': LOCAL_KEY,
    // What is cached asks no provider, and a provider's answers are what is looked through here.
    'x-bt-use-cache': 'never',
    ...headers,
  });
  if (sent.get('authorization') === '') sent.delete('authorization');
  const init = { method: 'POST', headers: sent, body: JSON.stringify(body), redirect: 'manual' } as const;
  const response = await fetch(`${stage.gateway.url}${path}`, init);
  let text = `${response.status} ${JSON.stringify([...response.headers])} `;
  try {
    for await (const part of response.body ?? []) text += Buffer.from(part).toString();
  } catch {
    text += ' (broken off)';
  }
  return text;
}

function expectNone(text: string, words: readonly string[]): void {
  expect(words.filter((word) => text.includes(word))).toEqual([]);
}

/** What goes upstream has the one key that belongs there, once, and nothing else of the caller's. */
function expectCleanUpstream(key: string): void {
  for (const { headers, body, url } of stage.upstream.received) {
    expect(headers.authorization).toBe(`Bearer ${key}`);
    const rest = JSON.stringify({ ...headers, authorization: '' });
    expectNone(rest, [...KEYS, COOKIE, '10.9.8.7']);
    for (const name of ['cookie', 'x-forwarded-for', 'x-api-key', 'x-goog-api-key', 'proxy-authorization']) {
      expect(headers[name]).toBeUndefined();
    }
    expectNone(body.toString() + url, KEYS);
  }
}

/** One call: what the caller sees, what is logged and what goes upstream. */
async function expectNothingGiven(
  answer: Answer,
  path: string,
  body: object,
  [headers, key]: [Record<string, string>, string],
  secrets: readonly string[] = [...KEYS, ...KEY_BEGINNINGS, COOKIE],
): Promise<void> {
  stage.answer = answer;
  expectNone(await call(path, body, headers), secrets);
  const logged = [...stage.gateway.lines, ...printed].join('\n');
  expectNone(logged, [...KEYS, ...KEY_BEGINNINGS, PROMPT, ANSWER, COOKIE]);
  expect(stage.gateway.lines.length).toBeGreaterThan(0);
  expectCleanUpstream(key);
  expect(stage.upstream.received.length).toBeGreaterThan(0);
}

describe.each(CALLERS)('called with %s', (_, headers, key) => {
  describe.each(ROUTES)('on %s', (_route, path, body) => {
    test.each([...REFUSALS, ...BROKEN, ...STREAMS, ...PASSING])('%s gives nothing away', (_name, answer) =>
      expectNothingGiven(answer, path, body, [headers, key]),
    );
  });

  // What the vendor answers under status 200 is relayed whatever it is, and to a caller with a key of their own all is.
  test.each([...REFUSALS, ...PASSING])('on the fallthrough %s gives nothing away', (_name, answer) => {
    const kept = key === OWN_KEY ? [LOCAL_KEY, OPERATORS_KEY, COOKIE] : undefined;
    return expectNothingGiven(answer, '/responses', { input: PROMPT }, [headers, key], kept);
  });

  test.each([...BROKEN, ...STREAMS])('on the fallthrough %s stays out of the log', (_name, answer) =>
    expectNothingGiven(answer, '/responses', { input: PROMPT }, [headers, key], [LOCAL_KEY, COOKIE]),
  );
});

describe('what never goes upstream gives nothing away either', () => {
  const REFUSED: [string, string, string, Record<string, string>][] = [
    ['a key that is not valid', '/chat/completions', '{}', { authorization: 'Bearer sk-sluice-canary-own' }],
    ['a scheme that is none', '/chat/completions', '{}', { authorization: `Canary canary-own` }],
    ['a body that is no JSON', '/chat/completions', `{"a":"${PROMPT}`, {}],
    ['a body of the wrong shape', '/chat/completions', `{"model":"m","messages":"${PROMPT}"}`, {}],
    ['a role that is none', '/chat/completions', `{"model":"m","messages":[{"role":{"a":"${PROMPT}"}}]}`, {}],
    ['a header that is wrong', '/chat/completions', '{}', { 'x-bt-use-cache': PROMPT }],
    ['an endpoint that is none', '/responses', '{}', { 'x-bt-endpoint-name': PROMPT }],
    ['a path that climbs', `/files/..%2f${PROMPT}`, '{}', {}],
  ];

  test.each(REFUSED)('%s', async (_, path, body, headers) => {
    const init = { method: 'POST', body, headers: { authorization: `Bearer ${LOCAL_KEY}`, ...headers } };
    const response = await fetch(`${stage.gateway.url}${path}`, init);
    expect([400, 401]).toContain(response.status);
    const seen = JSON.stringify([...response.headers]) + (await response.text());
    expectNone([seen, ...stage.gateway.lines, ...printed].join('\n'), [
      ...KEYS,
      ...KEY_BEGINNINGS,
      PROMPT,
      'canary',
    ]);
    expect(stage.upstream.received).toEqual([]);
  });
});

test('the list of models gives nothing away', async () => {
  stage.answer = (request, response) => sendJson(response, { error: { message: quoted(request) } }, 401);
  const response = await stage.gateway.fetch('/models');
  expect(response.status).toBe(200);
  expectNone([await response.text(), ...stage.gateway.lines, ...printed].join('\n'), [
    ...KEYS,
    ...KEY_BEGINNINGS,
  ]);
});
