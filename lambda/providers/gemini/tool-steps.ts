import type { ChatMessage } from '../../openai/chat.ts';
import { isObject } from '../../openai/json.ts';
import type { JsonObject } from '../../openai/wire.ts';
import { callsOf } from './assistant.ts';
import { type Encoding, invalid } from './encoding.ts';
import type { Content, Part } from './wire.ts';

interface PendingCall {
  readonly name: string;
  readonly order: number;
  /** The model's turn that made the call. */
  readonly turn: Content;
}

/**
 * Brings tool results to the calls they answer: OpenAI knows them by id and in any order, Gemini wants all results of a
 * step in the one turn behind it, each with its function's name.
 * https://ai.google.dev/gemini-api/docs/function-calling
 */
export class ToolSteps {
  readonly #contents: Content[];
  readonly #encoding: Encoding;
  readonly #calls = new Map<string, PendingCall>();
  readonly #results = new Map<Content, Content>();
  readonly #orders = new Map<Part, number>();

  constructor(contents: Content[], encoding: Encoding) {
    this.#contents = contents;
    this.#encoding = encoding;
  }

  addCalls(message: ChatMessage, turn: Content, param: string): void {
    for (const [index, call] of callsOf(message).entries()) {
      if (typeof call.id !== 'string')
        throw invalid(`${param}.tool_calls[${index}].id`, 'A tool call needs an id.');
      this.#calls.set(call.id, { name: call.function.name, order: this.#calls.size, turn });
    }
  }

  addResult(message: ChatMessage, content: Part[], param: string): void {
    const id = message.tool_call_id ?? message.name;
    const call = id === undefined ? undefined : this.#calls.get(id);
    if (id === undefined || call === undefined)
      throw invalid(`${param}.tool_call_id`, 'A tool result must name a tool call that stands before it.');
    const results = this.#resultsBehind(call.turn);
    for (const part of this.#resultParts(id, call.name, content)) {
      this.#orders.set(part, call.order);
      results.parts.push(part);
    }
  }

  isResults(content: Content): boolean {
    return this.#orders.has(content.parts[0] as Part);
  }

  /** Once all messages are read: results in the order of their calls. */
  sortResults(): void {
    const order = (part: Part) => this.#orders.get(part) ?? 0;
    for (const results of this.#results.values()) results.parts.sort((a, b) => order(a) - order(b));
  }

  #resultsBehind(turn: Content): Content {
    const known = this.#results.get(turn);
    if (known !== undefined) return known;
    const results: Content = { role: 'user', parts: [] };
    this.#results.set(turn, results);
    this.#contents.splice(this.#contents.indexOf(turn) + 1, 0, results);
    return results;
  }

  /** Media stand inside the result where the model takes them there, else beside it. */
  #resultParts(id: string, name: string, content: Part[]): Part[] {
    const text = content.flatMap((part) => part.text ?? []).join('\n');
    const media = content.filter((part) => part.text === undefined);
    const inside = this.#encoding.traits.generation3 ? media : [];
    const result: Part = {
      functionResponse: {
        ...(this.#encoding.callIds ? { id } : {}),
        name: this.#encoding.names.toVendor(name),
        response: resultOf(text),
        ...(inside.length === 0 ? {} : { parts: inside }),
      } as NonNullable<Part['functionResponse']>,
    };
    return [result, ...(inside.length === 0 ? media : [])];
  }
}

/** What an object would not carry as it is: `$ref` is taken for a reference to media, a long number loses digits. */
const NOT_AS_OBJECT = /"\$ref"|\d{16}/;

/** A result is an object; other text stands under `output`. */
function resultOf(text: string): JsonObject {
  if (text.startsWith('{') && !NOT_AS_OBJECT.test(text)) {
    try {
      const value: unknown = JSON.parse(text);
      if (isObject(value)) return value;
    } catch {
      // Text that only begins like an object.
    }
  }
  return { output: text };
}
