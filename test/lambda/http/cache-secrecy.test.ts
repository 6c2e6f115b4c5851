import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync, gzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CACHE_TABLE } from '../../../local/dynamodb.ts';
import { as, eventually, fresh, storedEntries, told } from '../../support/cache-calls.ts';
import { chatStream, chunk, completion, SSE, sendJson } from '../../support/fake-upstream.ts';
import { LOCAL_KEY } from '../../support/local-gateway.ts';
import { type Stage, startStage, UPSTREAM_KEY } from '../../support/stage.ts';

const PROMPT = 'prompt-canary-7f3a9c';
const ANSWER = 'answer-canary-2b8e4d';
const NUMBER = 0.7316458291;
const ENTRIES = 4;

let stage: Stage;
beforeAll(async () => {
  stage = await startStage({ config: { retries: { attempts: 1 } } });
  stage.answer = (request, response) => {
    const { stream, input, n } = JSON.parse(request.body.toString());
    if (n === 2) sendJson(response, { error: { message: `no ${PROMPT} ${ANSWER}` } }, 500);
    else if (n === 3)
      response
        .writeHead(200, SSE)
        .end(`${chunk({ content: ANSWER })}data: {"error":{"message":"${ANSWER}"}}\n\n`);
    else if (input !== undefined)
      sendJson(response, { data: [{ index: 0, embedding: [NUMBER] }], model: 'embedding-test', usage: {} });
    else if (stream === true) response.writeHead(200, SSE).end(chatStream([ANSWER, ANSWER]));
    else sendJson(response, completion(ANSWER));
  };
  await run();
});
afterAll(() => stage.stop());

/** Everything twice, so that each way there is was gone: a miss, a hit, a failure before and in the answer. */
async function run(): Promise<void> {
  const messages = [{ role: 'user', content: PROMPT }];
  const bodies: [string, object][] = [
    ['/chat/completions', { model: 'gpt-test', temperature: 0, messages }],
    ['/chat/completions', { model: 'gpt-test', seed: 1, stream: true, messages }],
    ['/embeddings', { model: 'embedding-test', input: PROMPT }],
    ['/embeddings', { model: 'embedding-test', input: [PROMPT, PROMPT] }],
  ];
  for (const cached of ['MISS', 'HIT'])
    for (const [path, body] of bodies) {
      const got = await told(stage.gateway.post(path, body));
      if (got.cached !== cached) throw new Error(`${path} was a ${got.cached}`);
    }
  for (const more of [{ n: 2 }, { n: 3, stream: true }, { temperature: 'hot' }])
    await (await stage.chat({ ...fresh(), messages, ...more })).text();
  await (await stage.chat({ ...fresh(), messages }, as(LOCAL_KEY, { 'x-bt-cache-ttl': PROMPT }))).text();
  await eventually(
    () => storedEntries(stage.gateway, LOCAL_KEY),
    (entries) => entries.length >= ENTRIES,
  );
}

/** A text in clear, and inside a base64 text, wherever it begins in it. */
function formsOf(text: string): (string | Buffer)[] {
  const encoded = [0, 1, 2].map((before) => {
    const base64 = Buffer.from(`${'x'.repeat(before)}${text}`).toString('base64');
    // The first and the last group hold other bytes too.
    return base64.slice(before === 0 ? 0 : 4, -4);
  });
  return [text, ...encoded, Buffer.from(text, 'utf16le'), gzipSync(text).subarray(10, -8)];
}

function float(number: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(number);
  return bytes;
}

const HIDDEN = [
  ...formsOf(PROMPT),
  ...formsOf(ANSWER),
  ...formsOf(String(NUMBER)),
  float(NUMBER),
  UPSTREAM_KEY,
  LOCAL_KEY,
];
const foundIn = (bytes: Buffer) => HIDDEN.filter((form) => bytes.includes(form)).map(String);

function dataFiles(): { name: string; bytes: Buffer }[] {
  return readdirSync(stage.gateway.dataFolder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => ({ name, bytes: readFileSync(join(parentPath, name)) }));
}

/** What the bytes are, and what they would be if they were compressed alone. */
function opened(bytes: Uint8Array): Buffer[] {
  const tries = [gunzipSync, inflateSync, inflateRawSync, brotliDecompressSync].flatMap((open) =>
    [0, 1, 13].flatMap((from) => {
      try {
        return [open(bytes.subarray(from))];
      } catch {
        return [];
      }
    }),
  );
  return [Buffer.from(bytes), ...tries];
}

describe('prompts, answers and keys', () => {
  test('stand in no file of the data folder', () => {
    const files = dataFiles();
    expect(files.reduce((sum, { bytes }) => sum + bytes.byteLength, 0)).toBeGreaterThan(1_000);
    for (const { name, bytes } of files) expect([name, ...foundIn(bytes)]).toEqual([name]);
  });

  test('stand in no item of the table, whatever it is compressed with', async () => {
    const { Items = [] } = await stage.gateway.stores.client.send(
      new ScanCommand({ TableName: CACHE_TABLE }),
    );
    const values = Items.flatMap((item) => Object.values(item));
    expect(values.filter(({ B }) => B !== undefined)).toHaveLength(ENTRIES);
    for (const { S, N, B } of values)
      for (const bytes of opened(B ?? Buffer.from(S ?? N ?? ''))) expect(foundIn(bytes)).toEqual([]);
  });

  test('stand in no line of the log', () => {
    expect(stage.gateway.lines.length).toBeGreaterThan(10);
    expect(stage.gateway.lines.some((line) => line.includes('"cached":true'))).toBe(true);
    expect(foundIn(Buffer.from(stage.gateway.lines.join('\n')))).toEqual([]);
  });

  test('would be found', async () => {
    const logged = as(LOCAL_KEY, { 'x-bt-parent': 'project_name:canary' });
    const body = { temperature: 0, messages: [{ role: 'user', content: PROMPT }] };
    expect((await told(stage.chat(body, logged))).cached).toBe('HIT');
    const found = await eventually(
      async () => dataFiles().flatMap(({ bytes }) => foundIn(bytes)),
      (forms) => forms.includes(PROMPT) && forms.includes(ANSWER),
    );
    expect(found).toContain(PROMPT);
    expect(found).toContain(ANSWER);
    expect(foundIn(Buffer.from(Buffer.from(`{"a":"${PROMPT}"}`).toString('base64')))).toHaveLength(1);
    expect(opened(gzipSync(`say ${ANSWER}`)).flatMap(foundIn)).toContain(ANSWER);
  });
});
