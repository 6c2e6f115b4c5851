import { InvalidRequest } from '../../errors.ts';
import type { ToolUse } from './tool-use.ts';
import { inVendorsOrder, lacksThinking, trimPrefill } from './turns.ts';
import type {
  Block,
  CacheControl,
  ResultContent,
  TextBlockParam,
  ToolResultBlockParam,
  Turn,
} from './wire.ts';

/** A conversation in the vendor's shape. */
export interface Messages {
  readonly system: TextBlockParam[];
  readonly turns: Turn[];
  /** The last turn is the assistant's: the model is to go on from there. */
  readonly prefilled: boolean;
  /** The tool calls that the model is in the midst of came without the thinking before them. */
  readonly lacksThinking: boolean;
}

export interface Result {
  readonly content: ResultContent[];
  readonly is_error?: boolean;
  readonly cache_control?: CacheControl;
}

/** A call of an assistant turn, under the id that goes upstream, and what came back for it. */
interface Pending {
  readonly id: string;
  readonly name: string;
  result: ToolResultBlockParam | undefined;
}

interface OpenTurn {
  readonly role: 'user' | 'assistant';
  content: Block[];
  readonly calls: Pending[];
}

/** Said of a call whose result the client never sent: the vendor refuses a call without one. */
const NO_RESULT = 'No result was given for this call.';

/** Turns as they grow, message by message. */
export class Conversation {
  readonly #system: TextBlockParam[] = [];
  readonly #turns: OpenTurn[] = [];
  /** The caller's id → the latest call under it. Clients reuse ids; the vendor wants each once. */
  readonly #calls = new Map<string, Pending>();
  readonly #ids = new Set<string>();

  get isEmpty(): boolean {
    return this.#turns.length === 0 && this.#system.length === 0;
  }

  addSystem(blocks: TextBlockParam[]): void {
    this.#system.push(...blocks);
  }

  addUser(blocks: Block[]): void {
    if (blocks.length > 0) this.#turn('user').content.push(...blocks);
  }

  addAssistant(blocks: Block[]): void {
    if (blocks.length > 0) this.#turn('assistant').content.push(...blocks);
  }

  addCall(use: ToolUse, callerId: unknown): void {
    const turn = this.#turn('assistant');
    const id = this.#uniqueId(typeof callerId === 'string' && callerId !== '' ? callerId : 'call');
    const pending: Pending = { id, name: use.name, result: undefined };
    turn.calls.push(pending);
    turn.content.push({ ...use, id });
    this.#calls.set(typeof callerId === 'string' ? callerId : id, pending);
  }

  /** Throws InvalidRequest where no call before has this id. */
  addResult(result: Result, callerId: string, param: string): void {
    const pending = this.#calls.get(callerId);
    if (pending === undefined)
      throw new InvalidRequest('The tool message answers no tool call before it.', {
        param,
        code: 'invalid_value',
      });
    settle(pending, result);
  }

  /** The obsolete `function` role names the function alone: its latest call that has no result. */
  addFunctionResult(result: Result, name: string, param: string): void {
    const pending = [...this.#calls.values()].findLast((call) => call.name === name && !call.result);
    if (pending === undefined)
      throw new InvalidRequest('The function message answers no function call before it.', {
        param,
        code: 'invalid_value',
      });
    settle(pending, result);
  }

  finish(): Messages {
    const turns: Turn[] = [];
    for (const turn of this.#turns) {
      const last = turns.at(-1);
      if (turn.role === 'user' && last?.role === 'user') last.content.push(...turn.content);
      else turns.push({ role: turn.role, content: inVendorsOrder(turn.content) });
      if (turn.calls.length > 0) turns.push({ role: 'user', content: turn.calls.map(resultOf) });
    }
    trimPrefill(turns);
    // System text alone is a request to OpenAI; the vendor wants somebody to speak.
    if (turns.length === 0) return this.#messages([{ role: 'user', content: this.#system.splice(0) }]);
    return this.#messages(turns);
  }

  #messages(turns: Turn[]): Messages {
    return {
      system: this.#system,
      turns,
      prefilled: turns.at(-1)?.role === 'assistant',
      lacksThinking: lacksThinking(turns),
    };
  }

  /** The last turn where it is of this role and may still grow, else a new one. */
  #turn(role: 'user' | 'assistant'): OpenTurn {
    const last = this.#turns.at(-1);
    if (last?.role === role && !last.calls.some(({ result }) => result)) return last;
    const turn: OpenTurn = { role, content: [], calls: [] };
    this.#turns.push(turn);
    return turn;
  }

  /** The vendor takes `[A-Za-z0-9_-]` in ids; other vendors make ids of other characters too. */
  #uniqueId(wanted: string): string {
    const safe = wanted.replaceAll(/[^A-Za-z0-9_-]/g, '_');
    let id = safe;
    for (let n = 2; this.#ids.has(id); n++) id = `${safe}_${n}`;
    this.#ids.add(id);
    return id;
  }
}

/** Two results for one call are one: the vendor takes no second. */
function settle(pending: Pending, { content, ...rest }: Result): void {
  const before = Array.isArray(pending.result?.content) ? pending.result.content : [];
  const all = [...before, ...content];
  pending.result = {
    type: 'tool_result',
    tool_use_id: pending.id,
    ...(all.length > 0 ? { content: all } : {}),
    ...rest,
  };
}

function resultOf({ id, result }: Pending): ToolResultBlockParam {
  return result ?? { type: 'tool_result', tool_use_id: id, content: NO_RESULT, is_error: true };
}
