import { encodeEvent, encodeException } from '../../local/simulator/aws-event-stream.ts';

/** A call of a tool as a model makes it. */
export interface SaidCall {
  readonly id: string;
  readonly name: string;
  readonly input: object;
}

/** What a fake model says, whichever vendor's words it is put in. Always 5 tokens asked and 7 answered. */
export interface Said {
  readonly thought?: { readonly text: string; readonly signature: string };
  readonly text?: string;
  readonly calls?: readonly SaidCall[];
  readonly length?: boolean;
}

/** A vendor's wire format: a whole answer, and the frames of a stream of the same. */
export interface VendorWire {
  readonly contentType: string;
  whole(said: Said): object;
  frames(said: Said): Buffer[];
  /** An error's body, as an answer and as a frame in a stream. */
  error(status: number, message: string): object;
  errorFrame(status: number, message: string): Buffer;
}

/** As a model streams it. Joined, the pieces are the text. */
export function words(text: string): string[] {
  return text.match(/\s*\S+\s*$|\s*\S+/g) ?? [];
}

/** Arguments in two pieces, cut inside; none where there are none. */
function inPieces(input: object): string[] {
  const json = JSON.stringify(input);
  return json === '{}' ? [] : [json.slice(0, 4), json.slice(4)];
}

export const sse = (value: object, event = '') =>
  Buffer.from(`${event === '' ? '' : `event: ${event}\n`}data: ${JSON.stringify(value)}\n\n`);

type Block = Record<string, unknown>;

function blocksOf({ thought, text, calls = [] }: Said): Block[] {
  return [
    ...(thought === undefined
      ? []
      : [{ type: 'thinking', thinking: thought.text, signature: thought.signature }]),
    ...(text === undefined ? [] : [{ type: 'text', text }]),
    ...calls.map((call) => ({ type: 'tool_use', ...call })),
  ];
}

const stopOf = ({ calls = [], length = false }: Said) =>
  length ? 'max_tokens' : calls.length > 0 ? 'tool_use' : 'end_turn';

const HEAD = { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-test-2026' };

/** https://docs.anthropic.com/en/docs/build-with-claude/streaming */
const anthropic: VendorWire = {
  contentType: 'text/event-stream; charset=utf-8',
  whole: (said) => ({
    ...HEAD,
    content: blocksOf(said),
    stop_reason: stopOf(said),
    stop_sequence: null,
    usage: { input_tokens: 5, output_tokens: 7 },
  }),
  frames(said) {
    const event = (type: string, fields: object) => sse({ type, ...fields }, type);
    const usage = { input_tokens: 5, output_tokens: 1 };
    return [
      event('message_start', { message: { ...HEAD, content: [], stop_reason: null, usage } }),
      ...blocksOf(said).flatMap((block, index) => [
        event('content_block_start', { index, content_block: emptied(block) }),
        ...deltasOf(block).map((delta) => event('content_block_delta', { index, delta })),
        event('content_block_stop', { index }),
      ]),
      event('message_delta', { delta: { stop_reason: stopOf(said) }, usage: { output_tokens: 7 } }),
      event('message_stop', {}),
    ];
  },
  error: (status, message) => ({ type: 'error', error: { type: anthropicType(status), message } }),
  errorFrame: (status, message) => sse(anthropic.error(status, message), 'error'),
};

function anthropicType(status: number): string {
  const types: Record<number, string> = {
    400: 'invalid_request_error',
    401: 'authentication_error',
    404: 'not_found_error',
    429: 'rate_limit_error',
    529: 'overloaded_error',
  };
  return types[status] ?? 'api_error';
}

function emptied(block: Block): Block {
  if (block.type === 'tool_use') return { ...block, input: {} };
  return block.type === 'text' ? { type: 'text', text: '' } : { type: 'thinking', thinking: '' };
}

function deltasOf(block: Block): Block[] {
  if (block.type === 'text') return words(String(block.text)).map((text) => ({ type: 'text_delta', text }));
  if (block.type === 'tool_use')
    return inPieces(block.input as object).map((json) => ({ type: 'input_json_delta', partial_json: json }));
  const thoughts = words(String(block.thinking)).map((thinking) => ({ type: 'thinking_delta', thinking }));
  return [...thoughts, { type: 'signature_delta', signature: block.signature }];
}

/** https://ai.google.dev/api/generate-content#v1beta.GenerateContentResponse */
const gemini: VendorWire = {
  contentType: 'text/event-stream',
  whole: (said) =>
    geminiAnswer(
      geminiParts(said, (text) => [text]),
      said,
    ),
  frames(said) {
    const parts = geminiParts(said, words);
    const events = parts.map((part, i) => geminiAnswer([part], i === parts.length - 1 ? said : undefined));
    return events.map((event) => Buffer.from(`data: ${JSON.stringify(event)}\r\n\r\n`));
  },
  error: (status, message) => ({ error: { code: status, message, status: googleStatus(status) } }),
  errorFrame: (status, message) => sse(gemini.error(status, message)),
};

function googleStatus(status: number): string {
  const names: Record<number, string> = {
    400: 'INVALID_ARGUMENT',
    401: 'UNAUTHENTICATED',
    404: 'NOT_FOUND',
    429: 'RESOURCE_EXHAUSTED',
    503: 'UNAVAILABLE',
  };
  return names[status] ?? 'INTERNAL';
}

function geminiParts({ thought, text, calls = [] }: Said, cut: (text: string) => string[]): object[] {
  const signed = thought === undefined ? {} : { thoughtSignature: thought.signature };
  return [
    ...cut(thought?.text ?? '')
      .filter(Boolean)
      .map((piece) => ({ text: piece, thought: true })),
    ...cut(text ?? '')
      .filter(Boolean)
      .map((piece) => ({ text: piece })),
    ...calls.map(({ name, input }, i) => ({
      functionCall: { name, ...(Object.keys(input).length === 0 ? {} : { args: input }) },
      ...(i === 0 ? signed : {}),
    })),
  ];
}

/** Without `said` an event in the middle. */
function geminiAnswer(parts: object[], said: Said | undefined): object {
  const finish = said === undefined ? {} : { finishReason: said.length ? 'MAX_TOKENS' : 'STOP' };
  return {
    candidates: [{ content: { parts, role: 'model' }, index: 0, ...finish }],
    usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 7, totalTokenCount: 12 },
    modelVersion: 'gemini-test-2026',
    responseId: 'response_1',
  };
}

const USAGE = { inputTokens: 5, outputTokens: 7, totalTokens: 12 };

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html */
const bedrock: VendorWire = {
  contentType: 'application/vnd.amazon.eventstream',
  whole: (said) => ({
    output: { message: { role: 'assistant', content: blocksOf(said).map(converseBlock) } },
    stopReason: stopOf(said),
    usage: USAGE,
    metrics: { latencyMs: 1 },
  }),
  frames: (said) => [
    encodeEvent('messageStart', { role: 'assistant' }),
    ...blocksOf(said).flatMap((block, contentBlockIndex) => [
      ...(block.type === 'tool_use'
        ? [
            encodeEvent('contentBlockStart', {
              contentBlockIndex,
              start: { toolUse: { toolUseId: block.id, name: block.name } },
            }),
          ]
        : []),
      ...deltasOf(block).map((delta) =>
        encodeEvent('contentBlockDelta', { contentBlockIndex, delta: converseDelta(delta) }),
      ),
      encodeEvent('contentBlockStop', { contentBlockIndex }),
    ]),
    encodeEvent('messageStop', { stopReason: stopOf(said) }),
    encodeEvent('metadata', { usage: USAGE, metrics: { latencyMs: 1 } }),
  ],
  error: (_status, message) => ({ message }),
  errorFrame: (status, message) =>
    encodeException(status === 429 ? 'throttlingException' : 'serviceUnavailableException', { message }),
};

function converseBlock({ type, text, thinking, signature, id, name, input }: Block): object {
  if (type === 'text') return { text };
  if (type === 'tool_use') return { toolUse: { toolUseId: id, name, input } };
  return { reasoningContent: { reasoningText: { text: thinking, signature } } };
}

function converseDelta({ type, text, thinking, signature, partial_json: json }: Block): object {
  if (type === 'text_delta') return { text };
  if (type === 'input_json_delta') return { toolUse: { input: json } };
  return { reasoningContent: type === 'signature_delta' ? { signature } : { text: thinking } };
}

export const WIRES = { anthropic, gemini, bedrock } as const;
export type WireName = keyof typeof WIRES;
