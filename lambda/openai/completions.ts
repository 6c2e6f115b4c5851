import { InvalidRequest } from '../errors.ts';
import { object, objects } from './json.ts';
import type { JsonObject } from './wire.ts';

/**
 * Legacy completions on chat models, both ways. https://platform.openai.com/docs/api-reference/completions
 */
const OWN_FIELDS = new Set(['prompt', 'suffix', 'echo', 'best_of', 'logprobs', 'stream', 'stream_options']);

/**
 * The texts of `prompt`: one, or several that are answered in order. Throws InvalidRequest for token ids: only the model's
 * own tokenizer could turn them into text.
 */
export function promptsOf(body: JsonObject): string[] {
  const { prompt } = body;
  if (typeof prompt === 'string') return [prompt];
  if (prompt === undefined || prompt === null) {
    throw new InvalidRequest('The field prompt is missing.', {
      param: 'prompt',
      code: 'missing_required_parameter',
    });
  }
  if (Array.isArray(prompt) && prompt.length > 0 && prompt.every((item) => typeof item === 'string'))
    return prompt;
  const tokens =
    Array.isArray(prompt) && prompt.some((item) => typeof item === 'number' || Array.isArray(item));
  const message = tokens
    ? 'The field prompt holds token ids, which a chat model can not take: send text.'
    : 'The field prompt is not valid: expected a text or a list of texts.';
  throw new InvalidRequest(message, { param: 'prompt', code: tokens ? 'unsupported_value' : 'invalid_type' });
}

/** The chat request that stands for a completion of `prompt`. Fields that both know keep their meaning. */
export function toChatBody(body: JsonObject, prompt: string): JsonObject {
  const shared = Object.fromEntries(Object.entries(body).filter(([name]) => !OWN_FIELDS.has(name)));
  const logprobs = typeof body.logprobs === 'number' ? { logprobs: true, top_logprobs: body.logprobs } : {};
  const stream =
    body.stream === true
      ? { stream: true, ...(body.stream_options ? { stream_options: body.stream_options } : {}) }
      : {};
  return { ...shared, ...logprobs, ...stream, messages: messagesFor(prompt, body.suffix) };
}

/** A chat model knows no suffix: it is told what stands before and after the gap. */
function messagesFor(prompt: string, suffix: unknown): JsonObject[] {
  if (typeof suffix !== 'string' || suffix === '') return [{ role: 'user', content: prompt }];
  const rule =
    'Write only the text that belongs between the two given parts, so that all three read as one. Repeat neither part.';
  return [
    { role: 'system', content: rule },
    { role: 'user', content: `The part before:\n${prompt}\n\nThe part after:\n${suffix}` },
  ];
}

export interface CompletionPlace {
  readonly prompt: string;
  readonly echo: boolean;
  /** The index of this prompt's first choice among all choices. */
  readonly firstIndex: number;
}

export function toCompletion(chat: JsonObject, place: CompletionPlace): JsonObject {
  const choices = objects(chat.choices).map((choice) => {
    const message = object(choice.message) ?? {};
    const text = typeof message.content === 'string' ? message.content : '';
    return textChoice(choice, `${place.echo ? place.prompt : ''}${text}`, place);
  });
  return { ...chat, object: 'text_completion', choices };
}

/** Chat chunks as completion chunks. One per stream: the echoed prompt stands before each choice's first text. */
export class CompletionChunks {
  readonly #place: CompletionPlace;
  readonly #begun = new Set<unknown>();

  constructor(place: CompletionPlace) {
    this.#place = place;
  }

  /** Undefined for a chunk that says nothing to a completions client: a role, a piece of thinking. */
  convert(chunk: JsonObject): JsonObject | undefined {
    const choices = objects(chunk.choices).flatMap((choice) => {
      const content = object(choice.delta)?.content;
      const first = !this.#begun.has(choice.index);
      this.#begun.add(choice.index);
      const text = `${first && this.#place.echo ? this.#place.prompt : ''}${typeof content === 'string' ? content : ''}`;
      const silent = text === '' && (choice.finish_reason === null || choice.finish_reason === undefined);
      return silent ? [] : [textChoice(choice, text, this.#place)];
    });
    if (choices.length === 0 && (chunk.usage === undefined || chunk.usage === null)) return undefined;
    return { ...chunk, object: 'text_completion', choices };
  }
}

function textChoice(choice: JsonObject, text: string, place: CompletionPlace): JsonObject {
  const index = place.firstIndex + (typeof choice.index === 'number' ? choice.index : 0);
  return {
    text,
    index,
    logprobs: textLogprobs(choice.logprobs),
    finish_reason: choice.finish_reason ?? null,
  };
}

/** https://platform.openai.com/docs/api-reference/completions/object#completions-object-choices-logprobs */
function textLogprobs(logprobs: unknown): JsonObject | null {
  const content = objects(object(logprobs)?.content);
  if (content.length === 0) return null;
  let offset = 0;
  const offsets = content.map(({ token }) => {
    const at = offset;
    offset += typeof token === 'string' ? token.length : 0;
    return at;
  });
  return {
    tokens: content.map(({ token }) => token ?? null),
    token_logprobs: content.map(({ logprob }) => logprob ?? null),
    top_logprobs: content.map(({ top_logprobs }) =>
      Object.fromEntries(objects(top_logprobs).map((top) => [String(top.token), top.logprob ?? null])),
    ),
    text_offset: offsets,
  };
}
