import type { Json, JsonObject } from '../../lambda/openai/wire.ts';
import type { Random } from './random.ts';

const WORDS = [
  'word ',
  'größer\n',
  '\u{1F600} ',
  '世界',
  '"usage": {}, ',
  '\\',
  'data: ',
  '  ',
  'a-very-long-word-without-an-end',
];

const textOf = (random: Random) => random.list(40, () => random.pick(WORDS)).join('');
const maybe = (random: Random, name: string, make: () => Json): JsonObject =>
  random.chance(40) ? { [name]: make() } : {};
const atLeastOne = <Of>(random: Random, make: () => Of): Of[] => [make(), ...random.list(2, make)];

/** A chat completion with whatever OpenAI and the vendors behind the gateway put into one. */
export function randomChat(random: Random): JsonObject {
  return envelope(random, 'chat.completion', (index) => ({
    index,
    message: messageOf(random),
    ...maybe(random, 'logprobs', () => random.pick([null, logprobsOf(random)])),
    finish_reason: random.pick(['stop', 'length', 'tool_calls', 'content_filter']),
    ...maybe(random, 'native_finish_reason', () => 'end_turn'),
    ...maybe(random, 'vendor_choice', () => ({ a: [1, null, 'b'] })),
  }));
}

/** A text completion. */
export function randomCompletion(random: Random): JsonObject {
  return envelope(random, 'text_completion', (index) => ({
    index,
    text: textOf(random),
    logprobs: random.pick([null, { tokens: ['a', 'b'], token_logprobs: [-0.5, null], text_offset: [0, 1] }]),
    finish_reason: random.pick(['stop', 'length']),
  }));
}

function envelope(random: Random, object: string, choiceOf: (index: number) => JsonObject): JsonObject {
  return {
    id: `answer-${random.below(1_000)}`,
    object,
    created: 1_700_000_000,
    model: 'gpt-test-2026',
    choices: Array.from({ length: 1 + random.below(3) }, (_, index) => choiceOf(index)),
    ...maybe(random, 'usage', () => ({
      prompt_tokens: random.below(9),
      completion_tokens: 2,
      total_tokens: 3,
    })),
    ...maybe(random, 'system_fingerprint', () => random.pick([null, 'fp_of_nobody'])),
    ...maybe(random, 'service_tier', () => 'flex'),
    ...maybe(random, 'vendor_field', () => ({ nested: [{ text: 'a' }] })),
  };
}

function messageOf(random: Random): JsonObject {
  return {
    role: 'assistant',
    content: random.chance(25) ? null : textOf(random),
    ...maybe(random, 'refusal', () => random.pick([null, textOf(random)])),
    ...maybe(random, 'reasoning_content', () => textOf(random)),
    ...maybe(random, 'reasoning', () => random.pick([thoughtsOf(random), `thought ${textOf(random)}`])),
    ...maybe(random, 'tool_calls', () => atLeastOne(random, () => callOf(random))),
    ...maybe(random, 'function_call', () => ({ name: 'f', arguments: '{"a":1}' })),
    ...maybe(random, 'annotations', () => [
      { type: 'url_citation', url_citation: { url: 'http://a.invalid' } },
    ]),
    ...maybe(random, 'audio', () => ({ id: 'audio_1', data: 'AAAA', transcript: 'Hi', expires_at: 9 })),
    ...maybe(random, 'vendor_message', () => random.pick(['a text', 5, true, { b: 1 }])),
  };
}

/** Each block of thinking has its signature; what is hidden stands for itself. */
function thoughtsOf(random: Random): Json {
  return atLeastOne(
    random,
    (): JsonObject =>
      random.chance(20)
        ? { id: `hidden-${random.below(1_000)}`, redacted: true }
        : { content: `thought ${textOf(random)}`, id: `signature-${random.below(1_000)}` },
  );
}

function callOf(random: Random): JsonObject {
  const named = {
    name: random.pick(['weather', 'time']),
    arguments: JSON.stringify({ text: textOf(random) }),
  };
  return {
    id: `call_${random.below(1_000_000)}`,
    type: 'function',
    function: { ...named, arguments: random.pick([named.arguments, '', '{}']) },
    ...maybe(random, 'extra_content', () => ({ google: { thought_signature: 'of-nobody' } })),
  };
}

function logprobsOf(random: Random): JsonObject {
  const tokens = () =>
    random.list(3, () => ({ token: random.pick(WORDS), logprob: -0.25, bytes: null, top_logprobs: [] }));
  return { content: tokens(), refusal: random.pick<Json>([null, tokens()]) };
}

/** Texts of a stream's deltas, cut anywhere: between the halves of a character too. */
function cut(text: string, random: Random): string[] {
  const pieces: string[] = [];
  for (let rest = text; rest !== ''; ) {
    const length = 1 + random.below(12);
    pieces.push(rest.slice(0, length));
    rest = rest.slice(length);
  }
  return pieces;
}

function deltasOf(message: JsonObject, random: Random): JsonObject[] {
  const {
    role = null,
    content = null,
    refusal,
    reasoning_content: thinking,
    reasoning,
    tool_calls: calls,
    audio,
    ...others
  } = message;
  const texts = (
    [
      ['content', content],
      ['refusal', refusal],
      ['reasoning_content', thinking],
    ] as const
  ).flatMap(([name, text]) =>
    typeof text === 'string' ? cut(text, random).map((piece): JsonObject => ({ [name]: piece })) : [],
  );
  const thoughts = Array.isArray(reasoning)
    ? (reasoning as JsonObject[]).flatMap(({ content: said, ...closing }) => [
        ...(typeof said === 'string'
          ? cut(said, random).map((piece): JsonObject => ({ reasoning: { content: piece } }))
          : []),
        { reasoning: closing },
      ])
    : cut(typeof reasoning === 'string' ? reasoning : '', random).map(
        (piece): JsonObject => ({ reasoning: piece }),
      );
  const empty = (text: Json | undefined) => (typeof text === 'string' ? '' : (text ?? null));
  return [
    {
      role,
      content: empty(content),
      ...(refusal === undefined ? {} : { refusal: empty(refusal) }),
      ...(thinking === undefined ? {} : { reasoning_content: '' }),
    },
    ...thoughts,
    ...texts,
    ...((calls ?? []) as JsonObject[]).flatMap((call, index) => callDeltas(call, index, random)),
    ...(audio === undefined ? [] : audioDeltas(audio as JsonObject, random)),
    ...(Object.keys(others).length > 0 ? [others] : []),
  ];
}

/** Some vendors send a call's id and name with every piece, or empty ones. */
function callDeltas(call: JsonObject, index: number, random: Random): JsonObject[] {
  const called = call.function as JsonObject;
  const again = random.pick<[JsonObject, JsonObject]>([
    [{}, {}],
    [{ id: '' }, { name: '' }],
    [{ id: call.id }, { name: called.name }],
  ]);
  const pieces = cut(String(called.arguments), random).map(
    (piece): JsonObject => ({
      tool_calls: [{ index, ...again[0], function: { ...again[1], arguments: piece } }],
    }),
  );
  return [{ tool_calls: [{ index, ...call, function: { ...called, arguments: '' } }] }, ...pieces];
}

/** Sound comes with what is said in it, both in pieces. */
function audioDeltas(audio: JsonObject, random: Random): JsonObject[] {
  const { id, data, transcript, ...rest } = audio;
  const pieces = [
    ['data', data],
    ['transcript', transcript],
  ].flatMap(([name, text]) => cut(String(text), random).map((piece) => ({ [String(name)]: piece })));
  return [{ id }, ...pieces, rest].map((part) => ({ audio: part as JsonObject }));
}

/** One choice as the pieces of a stream. */
function piecesOf(choice: JsonObject, random: Random): JsonObject[] {
  const {
    index = 0,
    message,
    text,
    logprobs,
    finish_reason = null,
    native_finish_reason: native,
    ...others
  } = choice;
  const bare = { index, finish_reason: null };
  const said: JsonObject[] =
    message === undefined
      ? ['', ...cut(String(text), random)].map((piece) => ({ text: piece }))
      : deltasOf(message as JsonObject, random).map((delta) => ({ delta }));
  const [first = {}, ...rest] = said;
  const end = message === undefined ? { text: '' } : { delta: {} };
  return [
    { ...bare, ...others, ...first, ...(logprobs === undefined ? {} : { logprobs }) },
    ...rest.map((piece) => ({ ...bare, ...piece, ...(logprobs === undefined ? {} : { logprobs: null }) })),
    { ...end, index, finish_reason, ...(native === undefined ? {} : { native_finish_reason: native }) },
    ...(random.chance(20) ? [{ ...bare, ...end }] : []),
  ];
}

/** The answer as some vendor would stream it: choices in turn, pieces of any length, comments, either line end. */
export function streamed(answer: JsonObject, random: Random): Buffer {
  const { choices, usage, ...head } = answer;
  const object = answer.object === 'text_completion' ? 'text_completion' : 'chat.completion.chunk';
  const queues = (choices as JsonObject[]).map((choice) => piecesOf(choice, random));
  const end = random.pick(['\n', '\r\n']);
  const frames: string[] = [];
  const send = (more: JsonObject) => {
    if (random.chance(10)) frames.push(`: keep-alive${end}${end}`);
    frames.push(`data: ${JSON.stringify({ ...head, object, ...more })}${end}${end}`);
  };
  while (queues.some((queue) => queue.length > 0)) {
    const piece = random.pick(queues.filter((queue) => queue.length > 0)).shift();
    send({ choices: piece ? [piece] : [], ...(usage === undefined ? {} : { usage: null }) });
  }
  if (usage !== undefined) send({ choices: [], usage });
  return Buffer.from(`${frames.join('')}data: [DONE]${end}${end}`);
}
