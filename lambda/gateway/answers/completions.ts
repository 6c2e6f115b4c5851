import { asksForUsage } from '../../openai/chunks.ts';
import { CompletionChunks, promptsOf, toCompletion } from '../../openai/completions.ts';
import { addUsage } from '../../openai/usage.ts';
import type { JsonObject, Usage } from '../../openai/wire.ts';
import type { Call } from '../../providers/provider.ts';
import { DONE, encodeEvent } from '../../streams/sse.ts';
import type { Answer } from '../upstream/attempts.ts';
import { answerStream, type FrameSource } from './answer-stream.ts';
import { type ConversionSource, conversionSource } from './convert.ts';
import { inParallel } from './in-parallel.ts';
import { decoderOf, EVENT_STREAM, render, whole } from './render.ts';
import type { Ask, ModelAnswer, Walk } from './walk.ts';

const WIDTH = 8;

/**
 * A legacy completion. A provider that serves completions is relayed; for a chat model the prompt becomes a chat and the
 * answer a completion again. There several prompts fan out, and their choices come back in the prompts' order.
 */
export async function answerCompletion(call: Call, parts: Walk): Promise<ModelAnswer> {
  const { routes, ask, principal, settle, answered, full } = parts;
  const served = routes.every(({ provider, model }) => provider.servesCompletions?.(model));
  if (served) {
    const answer = await ask(call);
    return answered(answer, await render(answer, principal, settle(answer), full));
  }
  const prompts = promptsOf(call.body).map((prompt, i) => new PromptCall(call, prompt, i));
  if (!call.stream) return answerWhole(prompts, parts);
  const [first, ...rest] = prompts;
  if (first === undefined) throw new Error('a completion has at least one prompt');
  const answer = await ask(first.call);
  const source = new PromptSource(first.source(answer), rest, ask, full || asksForUsage(call.body));
  const body = await answerStream(source, answer, principal, settle(answer));
  return answered(answer, { body, contentType: EVENT_STREAM });
}

async function answerWhole(
  prompts: readonly PromptCall[],
  { ask, principal, settle, answered }: Walk,
): Promise<ModelAnswer> {
  const results = await inParallel(prompts, WIDTH, async (prompt) => {
    const answer = await ask(prompt.call);
    const { json, usage } = await whole(answer, principal);
    settle(answer)({ usage });
    return { answer, completion: prompt.reshape(answer).answer(json), usage };
  });
  const [first] = results;
  if (first === undefined) throw new Error('a completion has at least one prompt');
  const usage = results.reduce<Usage | undefined>((sum, result) => addUsage(sum, result.usage), undefined);
  const choices = results.flatMap(({ completion }) =>
    Array.isArray(completion.choices) ? completion.choices : [],
  );
  const json = { ...first.completion, choices, ...(usage === undefined ? {} : { usage }) };
  return answered(first.answer, { body: Buffer.from(JSON.stringify(json)), contentType: 'application/json' });
}

/** How chunks and whole answers of one prompt leave as a completion. */
interface Reshape {
  chunk(chunk: JsonObject): JsonObject | undefined;
  answer(answer: JsonObject): JsonObject;
}

/** One prompt of a completion, and its place among the choices. */
class PromptCall {
  readonly call: Call;
  readonly #prompt: string;
  readonly #echo: boolean;
  readonly #firstIndex: number;

  constructor(call: Call, prompt: string, index: number) {
    const body = { ...call.body, prompt };
    this.call = { ...call, body, bytes: Buffer.from(JSON.stringify(body)) };
    this.#prompt = prompt;
    this.#echo = call.body.echo === true;
    this.#firstIndex = index * (typeof call.body.n === 'number' ? call.body.n : 1);
  }

  /** A provider that served the completion itself has echoed and shaped it; only its place is ours. */
  reshape(answer: Answer): Reshape {
    const place = { prompt: this.#prompt, echo: this.#echo, firstIndex: this.#firstIndex };
    const chunks = new CompletionChunks(place);
    if (answer.call.operation === 'chat') {
      return { chunk: (chunk) => chunks.convert(chunk), answer: (json) => toCompletion(json, place) };
    }
    const moved = (json: JsonObject) => ({ ...json, choices: moveChoices(json.choices, this.#firstIndex) });
    return { chunk: moved, answer: moved };
  }

  source(answer: Answer): ConversionSource {
    const { chunk } = this.reshape(answer);
    return conversionSource(answer, decoderOf(answer.route.provider), (decoded) => {
      const completion = chunk(decoded as unknown as JsonObject);
      // Each prompt's usage is summed up, and told once.
      const silent =
        completion === undefined || (Array.isArray(completion.choices) && completion.choices.length === 0);
      return silent ? Buffer.alloc(0) : encodeEvent(completion);
    });
  }
}

function moveChoices(choices: unknown, by: number): JsonObject[] {
  if (!Array.isArray(choices)) return [];
  return choices.map((choice: JsonObject) => ({
    ...choice,
    index: (typeof choice.index === 'number' ? choice.index : 0) + by,
  }));
}

/** The prompts' streams one after another: one stream to the caller, with one usage chunk and one `[DONE]`. */
class PromptSource implements FrameSource {
  readonly frameOpen = false;
  #current: ConversionSource | undefined;
  readonly #waiting: PromptCall[];
  readonly #ask: Ask;
  readonly #tellsUsage: boolean;
  #head: JsonObject;
  #spent: Usage | undefined;

  constructor(first: ConversionSource, waiting: PromptCall[], ask: Ask, tellsUsage: boolean) {
    this.#current = first;
    this.#waiting = waiting;
    this.#ask = ask;
    this.#tellsUsage = tellsUsage;
    this.#head = {};
  }

  get usage(): Usage | undefined {
    return addUsage(this.#spent, this.#current?.usage);
  }

  async next(): Promise<Buffer | undefined> {
    while (this.#current) {
      const source = this.#current;
      const bytes = await source.next().catch((failure: unknown) => {
        // The first prompt's reader is all that is closed otherwise.
        source.cancel();
        throw failure;
      });
      if (bytes !== undefined) return bytes;
      this.#spent = this.usage;
      this.#head = { ...source.head };
      // Its usage is in the sum now, whatever becomes of the next prompt.
      this.#current = undefined;
      const next = this.#waiting.shift();
      if (next === undefined) return this.#last();
      this.#current = next.source(await this.#ask(next.call));
    }
    return undefined;
  }

  #last(): Buffer {
    if (!this.#tellsUsage || this.#spent === undefined) return DONE;
    const chunk = { ...this.#head, object: 'text_completion', choices: [], usage: this.#spent };
    return Buffer.concat([encodeEvent(chunk), DONE]);
  }
}
