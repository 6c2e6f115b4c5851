import { DONE, encodeEvent } from '../streams/sse.ts';
import { isObject, objects } from './json.ts';
import type { Json, JsonObject } from './wire.ts';

/**
 * A whole chat or legacy completion as the stream that a caller asked for: its text, thinking and tool arguments in pieces, one
 * chunk with the finish reasons, one with the usage where it was asked for, `[DONE]`. Put together again, the pieces are the
 * answer. https://platform.openai.com/docs/api-reference/chat/streaming
 */
export function replayAsStream(answer: JsonObject, includeUsage: boolean): Buffer {
  const { choices, usage, ...head } = answer;
  const envelope = {
    ...head,
    object: answer.object === 'text_completion' ? 'text_completion' : 'chat.completion.chunk',
  };
  const list = objects(choices);
  const pieces = list.flatMap((choice) => choicePieces(choice));
  const events: JsonObject[] = [
    ...pieces.map((piece) => ({ ...envelope, choices: [piece] })),
    { ...envelope, choices: list.map(finishChoice) },
  ];
  if (includeUsage && usage !== undefined) events.push({ ...envelope, choices: [], usage });
  return Buffer.concat([...events.map(encodeEvent), DONE]);
}

/** The least of a piece of text, in characters: about a line of it. */
const PIECE = 48;

/** Cut behind white space, so that no word and no character of two code units is in two pieces. */
export function inPieces(text: string): string[] {
  const pieces: string[] = [];
  let start = 0;
  while (text.length - start > PIECE) {
    const space = /\s(?=\S)/g;
    space.lastIndex = start + PIECE - 1;
    const end = space.exec(text);
    if (end === null) break;
    pieces.push(text.slice(start, end.index + 1));
    start = end.index + 1;
  }
  return [...pieces, text.slice(start)];
}

function choicePieces(choice: JsonObject): JsonObject[] {
  const { message, finish_reason: _, native_finish_reason: __, ...rest } = choice;
  const { index } = choice;
  const bare = { index, finish_reason: null };
  if (!isObject(message)) return textPieces(rest, bare);
  const deltas = deltasOf(message, rest.logprobs === undefined || rest.logprobs === null);
  const [first = {}, ...more] = deltas;
  // What belongs to the choice as a whole stands with its first piece.
  return [{ ...rest, delta: first, finish_reason: null }, ...more.map((delta) => ({ ...bare, delta }))];
}

/** A legacy completion. Its log probabilities belong to all of its text. */
function textPieces(rest: JsonObject, bare: JsonObject): JsonObject[] {
  const { text } = rest;
  if (typeof text !== 'string' || isObject(rest.logprobs)) return [{ ...rest, finish_reason: null }];
  const [first, ...more] = inPieces(text);
  return [{ ...rest, text: first, finish_reason: null }, ...more.map((piece) => ({ ...bare, text: piece }))];
}

/** The role and whatever comes whole first, then thinking, text and calls as a model would write them. */
function deltasOf(message: JsonObject, inParts: boolean): JsonObject[] {
  const { content, reasoning, reasoning_content: thinking, tool_calls: calls, ...whole } = message;
  const said = typeof content === 'string' && content !== '' ? (inParts ? inPieces(content) : [content]) : [];
  const [opening, ...later] = said;
  const thoughts = [...objects(reasoning).flatMap(thoughtPieces), ...thinkingPieces(thinking)];
  const first: JsonObject = {
    ...whole,
    content: opening === undefined || thoughts.length > 0 ? emptied(content) : opening,
  };
  if (typeof reasoning === 'string') first.reasoning = reasoning;
  return [
    first,
    ...thoughts,
    ...(thoughts.length > 0 ? said : later).map((piece) => ({ content: piece })),
    ...objects(calls).flatMap(callPieces),
  ];
}

/** Content that is no text, parts of some vendors', stays whole. */
function emptied(content: Json | undefined): Json {
  return typeof content === 'string' ? '' : (content ?? null);
}

function thinkingPieces(thinking: Json | undefined): JsonObject[] {
  return typeof thinking === 'string'
    ? inPieces(thinking).map((piece) => ({ reasoning_content: piece }))
    : [];
}

/** `{content}` pieces, then what closes them: `{id}`. */
function thoughtPieces({ content, ...rest }: JsonObject): JsonObject[] {
  if (typeof content !== 'string') return [{ reasoning: rest }];
  const pieces = inPieces(content).map((piece): JsonObject => ({ reasoning: { content: piece } }));
  return Object.keys(rest).length === 0 ? pieces : [...pieces, { reasoning: rest }];
}

function callPieces(call: JsonObject, index: number): JsonObject[] {
  const { function: called, ...rest } = call;
  const given = isObject(called) && typeof called.arguments === 'string' ? called.arguments : undefined;
  if (!isObject(called) || given === undefined) return [{ tool_calls: [{ ...call, index }] }];
  const [first = '', ...more] = inPieces(given);
  // Some vendors number the calls of a whole answer too, and all of them alike.
  const opening = { ...rest, index, function: { ...called, arguments: first } };
  return [
    { tool_calls: [opening] },
    ...more.map((piece) => ({ tool_calls: [{ index, function: { arguments: piece } }] })),
  ];
}

function finishChoice(choice: JsonObject): JsonObject {
  const { index, finish_reason, native_finish_reason: native } = choice;
  const reason = { finish_reason, ...(native === undefined ? {} : { native_finish_reason: native }) };
  return choice.message === undefined ? { index, text: '', ...reason } : { index, delta: {}, ...reason };
}
