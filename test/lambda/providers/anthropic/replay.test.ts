import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { InvalidRequest } from '../../../../lambda/errors.ts';
import type { JsonObject } from '../../../../lambda/openai/wire.ts';
import { StreamError } from '../../../../lambda/streams/stream-error.ts';
import { assemble, bodyOf, decode, decodeEvents, encode, faults, NEW, OLD } from './support.ts';

/** Recorded traffic is no part of the repository: it is read where it is, and these tests say so where it is not. */
const ROOT = join(import.meta.dirname, '../../../..');
const FIXTURES = process.env.SLUICE_FIXTURES ?? join(ROOT, '../shared/fixtures');
const ABSENT = !existsSync(FIXTURES);

interface Recording {
  readonly name: string;
  readonly events: JsonObject[];
}

/** Two answers spliced into one: an error, since the half of a tool call that went out can't be taken back. */
const BROKEN = new Set(['spliced-message-start']);

function files(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .flatMap((path) => (statSync(path).isDirectory() ? files(path) : [path]));
}

function json(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** A recording may hold several answers, one after the other: each is one stream. */
function answersIn(name: string, events: JsonObject[]): Recording[] {
  const answers: JsonObject[][] = [[]];
  for (const event of events) {
    answers.at(-1)?.push(event);
    if (event.type === 'message_stop') answers.push([]);
  }
  return answers
    .filter((list) => list.length > 0)
    .map((list, n) => ({ name: n === 0 ? name : `${name} (${n + 1})`, events: list }));
}

function cassettes(): Recording[] {
  const folder = join(FIXTURES, 'vercel-ai/anthropic');
  return files(folder)
    .filter((path) => path.endsWith('.chunks.txt'))
    .flatMap((path) => {
      const lines = readFileSync(path, 'utf8').split('\n');
      const events = lines.filter((line) => line.trim() !== '').map((line) => JSON.parse(line) as JsonObject);
      return answersIn(basename(path, '.chunks.txt'), events);
    });
}

function linguaStreams(): Recording[] {
  return files(join(FIXTURES, 'lingua'))
    .filter((path) => /anthropic/.test(path) && /streaming\.json$/.test(path))
    .flatMap((path) => {
      const events = json(path);
      const isStream = Array.isArray(events) && events[0]?.type === 'message_start';
      return isStream ? answersIn(path.slice(FIXTURES.length), events as JsonObject[]) : [];
    });
}

function answers(): { path: string; answer: JsonObject }[] {
  return [...files(join(FIXTURES, 'vercel-ai/anthropic')), ...files(join(FIXTURES, 'lingua'))]
    .filter((path) => path.endsWith('.json') && !/request|streaming/.test(basename(path)))
    .map((path) => ({ path, answer: json(path) as JsonObject }))
    .filter(({ answer }) => answer.type === 'message' && Array.isArray(answer.content));
}

const tell = (text: string) => process.stdout.write(`${text}\n`);
if (ABSENT)
  tell(
    `The recorded traffic is not at ${FIXTURES}: its replay is left out (SLUICE_FIXTURES says where it is).`,
  );

const withUsage = { stream_options: { include_usage: true } };

test('every recorded stream becomes chunks by the rules of OpenAI (left out where the recordings are absent)', () => {
  if (ABSENT) return;
  const recordings = [...cassettes(), ...linguaStreams()];
  const bad: string[] = [];
  for (const { name, events } of recordings) {
    if (BROKEN.has(name)) {
      expect(() => decodeEvents(events, withUsage)).toThrow(StreamError);
      continue;
    }
    const chunks = decodeEvents(events, withUsage);
    for (const fault of faults(chunks)) bad.push(`${name}: ${fault}`);
    if (!chunks.at(-1)?.usage) bad.push(`${name}: no usage`);
  }
  tell(`${recordings.length} recorded streams replayed, ${bad.length} faults`);
  expect(recordings.length).toBeGreaterThan(31);
  expect(bad).toEqual([]);
});

test('every recorded answer becomes a chat completion (left out where the recordings are absent)', () => {
  if (ABSENT) return;
  const all = answers();
  const bad: string[] = [];
  for (const { path, answer } of all) {
    const { choices, usage, id, model } = decode(answer);
    const message = choices[0]?.message;
    if (!id || !model || !usage || !choices[0]?.finish_reason) bad.push(`${path}: incomplete`);
    for (const call of message?.tool_calls ?? []) JSON.parse(call.function.arguments);
    const wire = answer.content as { type: string; text?: string }[];
    const text = wire.map((block) => (block.type === 'text' ? block.text : '')).join('');
    if ((message?.content ?? '') !== text) bad.push(`${path}: text differs`);
    const uses = wire.filter(({ type }) => type === 'tool_use').length;
    if ((message?.tool_calls ?? []).length !== uses) bad.push(`${path}: ${uses} calls`);
  }
  tell(`${all.length} recorded answers decoded, ${bad.length} faults`);
  expect(all.length).toBeGreaterThan(30);
  expect(bad).toEqual([]);
});

interface LooseEvent {
  type: string;
  index: number;
  message: Record<string, unknown>;
  content_block: Record<string, unknown>;
  delta: Record<string, unknown>;
  usage: object;
}

/** The blocks that a stream's events add up to, as the vendor would have sent them at once. */
function whole(events: JsonObject[]): JsonObject {
  const blocks: Record<string, unknown>[] = [];
  const partial = new Map<number, string>();
  let message: Record<string, unknown> = {};
  for (const event of events as unknown as LooseEvent[]) {
    const { type, index, delta } = event;
    if (type === 'message_start' && message.id === undefined) message = structuredClone(event.message);
    if (type === 'content_block_start') blocks[index] = structuredClone(event.content_block);
    if (type === 'content_block_delta') addDelta(blocks[index] ?? {}, delta, index, partial);
    const input = partial.get(index);
    if (type === 'content_block_stop' && input)
      Object.assign(blocks[index] ?? {}, { input: JSON.parse(input) });
    if (type === 'message_delta') Object.assign(message, delta);
  }
  const content = [...(message.content as []), ...blocks.filter(Boolean)];
  return { ...message, content } as unknown as JsonObject;
}

function addDelta(
  block: Record<string, unknown>,
  delta: Record<string, unknown>,
  index: number,
  partial: Map<number, string>,
): void {
  for (const key of ['text', 'thinking'])
    if (delta[key] !== undefined) block[key] = `${block[key] ?? ''}${delta[key]}`;
  if (delta.signature !== undefined) block.signature = delta.signature;
  if (delta.citation !== undefined) block.citations = [...((block.citations as []) ?? []), delta.citation];
  if (delta.partial_json !== undefined)
    partial.set(index, `${partial.get(index) ?? ''}${delta.partial_json}`);
}

test('a streamed answer says what the same answer at once says (left out where the recordings are absent)', () => {
  if (ABSENT) return;
  for (const { name, events } of [...cassettes(), ...linguaStreams()]) {
    if (BROKEN.has(name)) continue;
    const streamed = assemble(decodeEvents(events));
    const message = decode(whole(events)).choices[0];
    const calls = (message?.message.tool_calls ?? []).map(({ id, function: called }) => ({
      id,
      name: called.name,
      arguments: JSON.parse(called.arguments),
    }));
    expect({
      name,
      ...streamed,
      calls: streamed.calls.map((call) => ({ ...call, arguments: JSON.parse(call.arguments) })),
    }).toEqual({
      name,
      content: message?.message.content,
      refusal: message?.message.refusal,
      calls,
      reasoning: message?.message.reasoning ?? [],
      reasoningText: message?.message.reasoning_content ?? '',
      annotations: message?.message.annotations ?? [],
      finish: message?.finish_reason,
    });
  }
});

test('every recorded chat request is converted, or refused with the field at fault (left out where the recordings are absent)', () => {
  if (ABSENT) return;
  const requests = files(join(FIXTURES, 'lingua/snapshots'))
    .filter((path) => /chat-completions\/(followup-)?request\.json$/.test(path))
    .map((path) => ({ path, body: json(path) as JsonObject }));
  const refused: string[] = [];
  for (const { path, body } of requests) {
    for (const model of [OLD, NEW]) {
      try {
        const sent = bodyOf(encode(body, model));
        const roles = (sent.messages as { role: string; content: unknown[] }[]).map(({ role, content }) => {
          expect(content.length).toBeGreaterThan(0);
          return role;
        });
        expect(roles.every((role, n) => role !== roles[n - 1])).toBe(true);
      } catch (error) {
        if (!(error instanceof InvalidRequest && error.param)) throw new Error(path, { cause: error });
        refused.push(`${path.split('/').at(-3)}: ${error.param}`);
      }
    }
  }
  tell(`${requests.length} recorded requests converted for two models, ${refused.length} refused`);
  expect(requests.length).toBeGreaterThan(50);
});
