/** What the mock upstream answers, in the shape and size of OpenAI's own. Encoded once, so that it costs little. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChatChunk, Usage } from '../lambda/openai/wire.ts';

const ID = 'chatcmpl-CkVb3Xw0mZqT9sYh2LpRfD7uNaEo1';
const MODEL = 'gpt-bench-2026-01-01';
const CREATED = 1_767_225_600;

export const DELTAS_PER_STREAM = 200;

const USAGE = {
  prompt_tokens: 42,
  completion_tokens: DELTAS_PER_STREAM,
  total_tokens: 42 + DELTAS_PER_STREAM,
  prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
} satisfies Usage;

const WORDS =
  ' the sluice lets water through a gate and keeps the level of the pond behind it steady'.match(/ \w+/g) ??
  [];

function text(words: number): string {
  return Array.from({ length: words }, (_, index) => WORDS[index % WORDS.length]).join('');
}

function frame(value: ChatChunk): Buffer {
  return Buffer.from(`data: ${JSON.stringify(value)}\n\n`);
}

function chunk(choices: ChatChunk['choices'], withUsage: boolean, usage: Usage | null = null): Buffer {
  return frame({
    id: ID,
    object: 'chat.completion.chunk',
    created: CREATED,
    model: MODEL,
    service_tier: 'default',
    system_fingerprint: 'fp_b547601dbd',
    choices,
    ...(withUsage ? { usage } : {}),
  });
}

function delta(content: string, withUsage: boolean): Buffer {
  return chunk([{ index: 0, delta: { content }, logprobs: null, finish_reason: null }], withUsage);
}

/** A whole answer of about 1 KB. */
export const JSON_ANSWER = Buffer.from(
  JSON.stringify({
    id: ID,
    object: 'chat.completion',
    created: CREATED,
    model: MODEL,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: text(90), refusal: null, annotations: [] },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: USAGE,
    service_tier: 'default',
    system_fingerprint: 'fp_b547601dbd',
  }),
);

export const MODELS = Buffer.from(
  JSON.stringify({
    object: 'list',
    data: [{ id: MODEL, object: 'model', created: CREATED, owned_by: 'bench' }],
  }),
);

/** The frames that end a stream: the finish chunk, the usage chunk where it was asked for, `[DONE]`. */
export function lastFrames(withUsage: boolean): Buffer[] {
  const frames = [chunk([{ index: 0, delta: {}, logprobs: null, finish_reason: 'stop' }], withUsage)];
  if (withUsage) frames.push(chunk([], true, USAGE));
  return [...frames, Buffer.from('data: [DONE]\n\n')];
}

/** Words of the README, which no two answers have in one order: harder to compress than what a model writes. */
const VOCABULARY =
  readFileSync(join(import.meta.dirname, '..', 'README.md'), 'utf8').match(/ \w+[,.]?/g) ?? [];

/** Frames of one token each, drawn at random. */
export function randomFrames(count: number, withUsage: boolean): Buffer[] {
  return Array.from({ length: count }, () =>
    delta(VOCABULARY[Math.floor(Math.random() * VOCABULARY.length)] ?? '', withUsage),
  );
}

/** The role chunk and `count` deltas of one word each: about 230 bytes a frame. */
export function deltaFrames(count: number, withUsage: boolean): Buffer[] {
  const role = { role: 'assistant', content: '', refusal: null } as const;
  const first = chunk([{ index: 0, delta: role, logprobs: null, finish_reason: null }], withUsage);
  const rest = Array.from({ length: count }, (_, index) =>
    delta(WORDS[index % WORDS.length] ?? '', withUsage),
  );
  return [first, ...rest];
}

/** Some 64 KB of whole frames of 1 KB of text each, to be sent over and over. */
export function largeBlock(withUsage: boolean): Buffer {
  return Buffer.concat(Array.from({ length: 52 }, () => delta(text(180), withUsage)));
}

export const DELTAS_PER_MESSAGE = 500;

/** The same kind of stream in Anthropic's format. https://docs.anthropic.com/en/docs/build-with-claude/streaming */
export function messageFrames(): Buffer[] {
  const event = (type: string, fields: object) =>
    Buffer.from(`event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`);
  const usage = { input_tokens: 42, output_tokens: 1 };
  const message = {
    id: 'msg_01Bench',
    type: 'message',
    role: 'assistant',
    model: 'claude-bench',
    content: [],
    usage,
  };
  return [
    event('message_start', { message }),
    event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
    ...Array.from({ length: DELTAS_PER_MESSAGE }, (_, index) =>
      event('content_block_delta', {
        index: 0,
        delta: { type: 'text_delta', text: WORDS[index % WORDS.length] },
      }),
    ),
    event('content_block_stop', { index: 0 }),
    event('message_delta', {
      delta: { stop_reason: 'end_turn' },
      usage: { output_tokens: DELTAS_PER_MESSAGE },
    }),
    event('message_stop', {}),
  ];
}
