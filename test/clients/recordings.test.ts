import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import OpenAI from 'openai';
import { encodeEvent } from '../../local/simulator/aws-event-stream.ts';
import { sharedFixture } from '../support/shared-fixtures.ts';
import { write, writeHead } from '../support/stage.ts';
import { MODELS, startVendors, type VendorStage } from '../support/vendor-stage.ts';
import { WIRES, type WireName } from '../support/vendor-wire.ts';

interface Recording {
  readonly name: string;
  readonly bytes: Buffer;
}

/** An event's JSON as the vendor frames it. */
const FRAME: Readonly<Record<WireName, (line: string) => Buffer>> = {
  anthropic: (line) => Buffer.from(`event: ${JSON.parse(line).type}\ndata: ${line}\n\n`),
  gemini: (line) => Buffer.from(`data: ${line}\r\n\r\n`),
  bedrock: (line) =>
    Buffer.concat(
      Object.entries(JSON.parse(line)).map(([type, value]) => encodeEvent(type, value as object)),
    ),
};

function filesIn(folder: string, ending: string): string[] {
  const path = sharedFixture(folder);
  return existsSync(path)
    ? readdirSync(path)
        .filter((name) => name.endsWith(ending))
        .map((name) => join(path, name))
    : [];
}

function framed(family: WireName, folder: string): Recording[] {
  return filesIn(folder, '.chunks.txt').map((path) => {
    const lines = readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line.trim() !== '');
    return { name: path.replace(/^.*\//, ''), bytes: Buffer.concat(lines.map(FRAME[family])) };
  });
}

const raw = (folder: string, ending: string): Recording[] =>
  filesIn(folder, ending).map((path) => ({ name: path.replace(/^.*\//, ''), bytes: readFileSync(path) }));

const RECORDINGS: Readonly<Record<WireName, Recording[]>> = {
  anthropic: [
    ...framed('anthropic', 'vercel-ai/anthropic'),
    // Written by hand, some of them with an end that is no JSON of Anthropic's.
    ...raw('apisix', '.sse').filter(
      ({ name, bytes }) => /^messages-streaming/.test(name) && !bytes.includes('data: {}'),
    ),
  ],
  gemini: [...framed('gemini', 'vercel-ai/google'), ...framed('gemini', 'vercel-ai/google-vertex')],
  bedrock: [
    ...framed('bedrock', 'vercel-ai/amazon-bedrock'),
    ...raw('agentgateway/bedrock', '.bin'),
    ...raw('apisix', '.bin'),
  ],
};

/** Two answers in one stream: half of the first can't be taken back, so it ends in an error. */
const BROKEN = /^spliced-message-start/;

/** A sequence that is the same in each run. https://github.com/bryc/code/blob/master/jshash/PRNGs.md#mulberry32 */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function pieces(bytes: Buffer, seed: number): Buffer[] {
  const next = random(seed);
  const cuts = Array.from({ length: 12 }, () => Math.floor(next() * bytes.byteLength)).sort((a, b) => a - b);
  return [0, ...cuts]
    .map((from, i) => bytes.subarray(from, cuts[i] ?? bytes.byteLength))
    .filter(({ byteLength }) => byteLength > 0);
}

let stage: VendorStage;
let seed = 1;
beforeAll(async () => {
  stage = await startVendors({ config: { retries: { attempts: 1 } } });
});
afterAll(() => stage.stop());

function replay(family: WireName, bytes: Buffer) {
  stage.answer = async (_, response) => {
    writeHead(response, { 'content-type': WIRES[family].contentType });
    response.socket?.setNoDelay(true);
    for (const piece of pieces(bytes, seed++)) await write(response, piece);
    response.end();
  };
  return stage.client.chat.completions.stream({
    model: MODELS[family],
    messages: [{ role: 'user', content: 'Hello' }],
    stream_options: { include_usage: true },
  });
}

const families = Object.entries(RECORDINGS) as [WireName, Recording[]][];
for (const [family, recordings] of families) {
  const absent = recordings.length === 0;
  const group = absent ? describe.skip : describe;
  group(
    `${family}: recorded streams through the gateway${absent ? ' (no recordings here: skipped)' : ''}`,
    () => {
      test.each(
        recordings.filter(({ name }) => !BROKEN.test(name)).map(({ name, bytes }) => [name, bytes] as const),
      )('%s, cut anywhere, is put together by the OpenAI client', async (_, bytes) => {
        const { choices, usage, model } = await replay(family, bytes).finalChatCompletion();
        expect(choices).toHaveLength(1);
        expect(['stop', 'tool_calls', 'length', 'content_filter']).toContain(choices[0]?.finish_reason);
        const calls = (choices[0]?.message.tool_calls ??
          []) as OpenAI.ChatCompletionMessageFunctionToolCall[];
        for (const call of calls) {
          expect(call.id).toEqual(expect.stringMatching(/./));
          expect(call.function.name).toEqual(expect.stringMatching(/./));
          expect(JSON.parse(call.function.arguments)).toEqual(expect.any(Object));
        }
        expect(new Set(calls.map(({ id }) => id)).size).toBe(calls.length);
        if (calls.length > 0) expect(choices[0]?.finish_reason).toBe('tool_calls');
        expect(model).not.toBe('');
        if (usage) expect(usage.prompt_tokens + usage.completion_tokens).toBe(usage.total_tokens);
      });

      test.each(
        recordings
          .filter(({ name }) => BROKEN.test(name))
          .map(({ name, bytes }) => [name, bytes] as const)
          .concat([['an empty stream', Buffer.alloc(0)]]),
      )('%s is an error and no half answer', async (_, bytes) => {
        await expect(replay(family, bytes).finalChatCompletion()).rejects.toBeInstanceOf(OpenAI.APIError);
      });

      test('one that is cut short never passes for a whole one', async () => {
        const { bytes } = recordings.find(({ name }) => /text|basic/.test(name)) as Recording;
        const whole = await replay(family, bytes).finalChatCompletion();
        expect(whole.choices[0]?.message.content).not.toBe('');
        const short = replay(family, bytes.subarray(0, Math.floor(bytes.byteLength / 2)));
        await expect(short.finalChatCompletion()).rejects.toBeInstanceOf(OpenAI.APIError);
      });
    },
  );
}
