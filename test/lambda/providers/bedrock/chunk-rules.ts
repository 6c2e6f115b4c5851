import type { ChatChunk, ChatResponse, ToolCall, Usage } from '../../../../lambda/openai/wire.ts';

const FINISHES = new Set(['stop', 'length', 'tool_calls', 'content_filter']);

/** What a list of chunks comes to, put together as an OpenAI client does it. */
export interface Assembled {
  readonly content: string;
  readonly reasoning: string;
  readonly signatures: string[];
  readonly calls: ToolCall[];
  readonly finish: string | null;
  readonly usage: Usage | undefined;
}

/**
 * Puts chunks together. Throws Error for what OpenAI's own streams never do: more than one id or model, holes in the tool
 * indexes, arguments that are no JSON, no or several finishes, anything behind the usage.
 */
export function assemble(chunks: readonly ChatChunk[]): Assembled {
  if (new Set(chunks.map(({ id }) => id)).size !== 1) throw new Error('more than one id');
  if (new Set(chunks.map(({ model }) => model)).size !== 1) throw new Error('more than one model');
  if (chunks.some(({ id, model }) => id === '' || model === '')) throw new Error('an id or a model is empty');
  const deltas = chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta));
  if (deltas[0]?.role !== 'assistant') throw new Error('the first delta has no role');
  if (deltas.slice(1).some(({ role }) => role !== undefined)) throw new Error('the role came twice');
  const finishes = chunks.flatMap(({ choices }) => choices.flatMap((choice) => choice.finish_reason ?? []));
  if (finishes.length !== 1 || !FINISHES.has(finishes[0] ?? '')) throw new Error(`finishes: ${finishes}`);
  const usages = chunks.flatMap(({ usage }) => usage ?? []);
  if (usages.length > 1 || (usages.length === 1 && chunks.at(-1)?.choices.length !== 0)) {
    throw new Error('the usage is not the last chunk alone');
  }
  const calls = assembleCalls(deltas);
  for (const usage of usages) checkUsage(usage);
  return {
    content: deltas.map(({ content }) => content ?? '').join(''),
    reasoning: deltas.map((delta) => delta.reasoning?.content ?? '').join(''),
    signatures: deltas.flatMap((delta) => delta.reasoning?.id ?? []),
    calls,
    finish: finishes[0] ?? null,
    usage: usages[0],
  };
}

function assembleCalls(deltas: readonly ChatChunk['choices'][number]['delta'][]): ToolCall[] {
  const calls: ToolCall[] = [];
  for (const piece of deltas.flatMap((delta) => delta.tool_calls ?? [])) {
    const known = calls[piece.index];
    if (known !== undefined) {
      if (piece.id !== undefined) throw new Error(`the call ${piece.index} began twice`);
      known.function.arguments += piece.function?.arguments ?? '';
      continue;
    }
    if (piece.index !== calls.length) throw new Error(`the call ${piece.index} leaves a hole`);
    const { name, arguments: args } = piece.function ?? {};
    if (!piece.id || !name || piece.type !== 'function') {
      throw new Error(`the call ${piece.index} has no id, no name or no type`);
    }
    calls.push({ id: piece.id, type: 'function', function: { name, arguments: args ?? '' } });
  }
  for (const call of calls) JSON.parse(call.function.arguments);
  return calls;
}

export function checkUsage(usage: Usage): void {
  if (usage.prompt_tokens + usage.completion_tokens !== usage.total_tokens)
    throw new Error('the usage does not add up');
}

/** The same of a whole answer. */
export function checkResponse(response: ChatResponse): void {
  const [choice] = response.choices;
  if (response.choices.length !== 1 || choice === undefined) throw new Error('not one choice');
  if (!FINISHES.has(choice.finish_reason)) throw new Error(`finish: ${choice.finish_reason}`);
  for (const call of choice.message.tool_calls ?? []) JSON.parse(call.function.arguments);
  if (response.usage) checkUsage(response.usage);
}
