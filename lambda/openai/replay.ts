import { DONE, encodeEvent } from '../streams/sse.ts';
import { isObject } from './json.ts';
import type { JsonObject } from './wire.ts';

/**
 * A whole chat or legacy completion as the stream that a caller asked for: one chunk with everything, one with the finish
 * reasons, one with the usage where it was asked for, `[DONE]`.
 * https://platform.openai.com/docs/api-reference/chat/streaming
 */
export function replayAsStream(answer: JsonObject, includeUsage: boolean): Buffer {
  const { choices, usage, ...head } = answer;
  const envelope = {
    ...head,
    object: answer.object === 'text_completion' ? 'text_completion' : 'chat.completion.chunk',
  };
  const list = (Array.isArray(choices) ? choices : []).filter(isObject);
  const events: JsonObject[] = [
    { ...envelope, choices: list.map(contentChoice) },
    { ...envelope, choices: list.map(finishChoice) },
  ];
  if (includeUsage && usage !== undefined) events.push({ ...envelope, choices: [], usage });
  return Buffer.concat([...events.map(encodeEvent), DONE]);
}

function contentChoice(choice: JsonObject): JsonObject {
  const { message, finish_reason: _, ...rest } = choice;
  if (!isObject(message)) return { ...rest, finish_reason: null };
  const calls = Array.isArray(message.tool_calls) ? message.tool_calls.filter(isObject) : undefined;
  const delta = calls
    ? { ...message, tool_calls: calls.map((call, index) => ({ index, ...call })) }
    : message;
  return { ...rest, delta, finish_reason: null };
}

function finishChoice(choice: JsonObject): JsonObject {
  const { index, finish_reason } = choice;
  return choice.message === undefined
    ? { index, text: '', finish_reason }
    : { index, delta: {}, finish_reason };
}
