import { isObject, objects } from './json.ts';
import type { Json, JsonObject } from './wire.ts';

/**
 * The whole answer that a stream's chunks make: what the call without `stream` would have answered. Chat chunks become a
 * chat completion, legacy chunks a text completion. Undefined where there is no chunk. Unknown fields stay, the last one
 * of a name.
 * https://platform.openai.com/docs/api-reference/chat/streaming
 */
export function assembleChunks(chunks: Iterable<JsonObject>): JsonObject | undefined {
  let head: JsonObject | undefined;
  let usage: Json | undefined;
  const choices = new Map<number, Choice>();
  for (const chunk of chunks) {
    const { choices: pieces, usage: told, ...rest } = chunk;
    head = { ...rest, ...definedIn(head) };
    if (isObject(told)) usage = told;
    for (const piece of objects(pieces)) {
      const index = typeof piece.index === 'number' ? piece.index : 0;
      const choice = choices.get(index) ?? new Choice(index);
      choices.set(index, choice);
      choice.add(piece);
    }
  }
  if (head === undefined) return undefined;
  const object = head.object === 'text_completion' ? 'text_completion' : 'chat.completion';
  const whole = [...choices.values()].sort((a, b) => a.index - b.index).map((choice) => choice.whole());
  return { ...head, object, choices: whole, ...(usage === undefined ? {} : { usage }) };
}

/** The first chunk tells who answers, and a later one may tell more; null is nothing told. */
function definedIn(head: JsonObject | undefined): JsonObject {
  return Object.fromEntries(Object.entries(head ?? {}).filter(([, value]) => value !== null));
}

/** Texts that come in pieces. Every other text is whole wherever it stands. */
const GROWING = new Set([
  'content',
  'refusal',
  'reasoning_content',
  'arguments',
  'text',
  'transcript',
  'data',
]);

class Choice {
  readonly index: number;
  #fields: JsonObject = {};
  #message: JsonObject | undefined;
  readonly #calls = new Map<number, JsonObject>();
  readonly #reasoning: JsonObject[] = [];
  #reasoningOpen = false;

  constructor(index: number) {
    this.index = index;
  }

  add(piece: JsonObject): void {
    const { delta, index: _, logprobs, text, ...rest } = piece;
    // A reason that was given is not taken back by the null of a later chunk.
    for (const [name, value] of Object.entries(rest)) {
      if (value !== null || this.#fields[name] === undefined) this.#fields[name] = value;
    }
    if (typeof text === 'string') this.#fields.text = `${this.#fields.text ?? ''}${text}`;
    if (logprobs !== undefined) this.#fields.logprobs = joinedLogprobs(this.#fields.logprobs, logprobs);
    if (isObject(delta)) this.#addDelta(delta);
  }

  #addDelta({ tool_calls: calls, reasoning, ...delta }: JsonObject): void {
    this.#message = grown(this.#message ?? {}, delta);
    for (const call of objects(calls)) this.#addCall(call);
    if (typeof reasoning === 'string') {
      const before = this.#message.reasoning;
      this.#message.reasoning = `${typeof before === 'string' ? before : ''}${reasoning}`;
      return;
    }
    const parts = isObject(reasoning) ? [reasoning] : objects(reasoning);
    for (const part of parts) this.#addReasoning(part);
  }

  #addCall(call: JsonObject): void {
    const { index, ...rest } = call;
    const at = typeof index === 'number' ? index : this.#calls.size;
    this.#calls.set(at, grown(this.#calls.get(at) ?? {}, rest));
  }

  /** Pieces of text until an id closes a block of thinking; a redacted block stands for itself. */
  #addReasoning(part: JsonObject): void {
    const open = this.#reasoningOpen && part.redacted !== true ? this.#reasoning.at(-1) : undefined;
    if (open === undefined) this.#reasoning.push({ ...part });
    else Object.assign(open, grown(open, part));
    this.#reasoningOpen = part.id === undefined || part.id === null;
  }

  whole(): JsonObject {
    const choice: JsonObject = { index: this.index, ...this.#fields };
    if (this.#message === undefined && this.#fields.text !== undefined) return choice;
    const calls = [...this.#calls].sort(([a], [b]) => a - b).map(([, call]) => call);
    const message: JsonObject = {
      role: 'assistant',
      content: null,
      ...this.#message,
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
      ...(this.#reasoning.length === 0 ? {} : { reasoning: this.#reasoning }),
    };
    return { ...choice, message };
  }
}

/** `before` with a delta put upon it: known texts grow, lists are continued, the rest is replaced. */
function grown(before: JsonObject, delta: JsonObject): JsonObject {
  const result: JsonObject = { ...before };
  for (const [name, value] of Object.entries(delta)) result[name] = joined(name, own(result, name), value);
  return result;
}

function own(object: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function joined(name: string, before: Json | undefined, value: Json | undefined): Json | undefined {
  if (value === undefined || (value === null && before !== undefined)) return before;
  if (typeof value === 'string' && typeof before === 'string' && GROWING.has(name)) return before + value;
  // The first piece of a call has its name; some vendors send it again, or empty, with every piece.
  if (value === '' && typeof before === 'string') return before;
  if (Array.isArray(value) && Array.isArray(before)) return [...before, ...value];
  return isObject(value) && isObject(before) ? grown(before, value) : value;
}

function joinedLogprobs(before: Json | undefined, value: Json): Json {
  if (!isObject(before) || !isObject(value)) return value === null ? (before ?? null) : value;
  const result: JsonObject = { ...before };
  for (const [name, list] of Object.entries(value)) {
    const known = own(result, name);
    result[name] = Array.isArray(known) && Array.isArray(list) ? [...known, ...list] : (list ?? known);
  }
  return result;
}
