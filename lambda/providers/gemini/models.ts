/** How much a model can be told to think: by a budget of tokens, by a level, or not at all. */
export type Thinking =
  | { readonly kind: 'none' }
  | { readonly kind: 'budget'; readonly min: number; readonly max: number; readonly canBeOff: boolean }
  /** From the least to the most. Absent: what the model takes is unknown, and every level is passed on. */
  | { readonly kind: 'level'; readonly levels?: readonly string[] };

/** What a model does otherwise than the newest do. */
export interface ModelTraits {
  readonly thinking: Thinking;
  /** Takes system instructions. */
  readonly systemInstruction: boolean;
  /** Takes JSON Schema; the others want Google's subset of OpenAPI's schema. */
  readonly jsonSchema: boolean;
  /** Refuses the first function call of a step without a thought signature, and takes media inside tool results. */
  readonly generation3: boolean;
  /** Answers in a schema while tools are declared. */
  readonly schemaBesideTools: boolean;
  /** Takes presence and frequency penalties: everywhere, on Vertex only, nowhere. */
  readonly penalties: 'taken' | 'vertex' | 'refused';
}

/** Unknown models are taken for the newest: a table that is old never holds a model back. */
const NEWEST: ModelTraits = {
  thinking: { kind: 'level' },
  systemInstruction: true,
  jsonSchema: true,
  generation3: true,
  schemaBesideTools: true,
  penalties: 'taken',
};

const NO_THINKING = { thinking: { kind: 'none' } } as const;
const GENERATION_2_5 = { generation3: false, schemaBesideTools: false, penalties: 'vertex' } as const;
const GENERATION_2 = { ...GENERATION_2_5, ...NO_THINKING, jsonSchema: false, penalties: 'taken' } as const;
const LOW_TO_HIGH = { thinking: { kind: 'level', levels: ['low', 'medium', 'high'] } } as const;
const MINIMAL_TO_HIGH = {
  thinking: { kind: 'level', levels: ['minimal', 'low', 'medium', 'high'] },
} as const;

/**
 * The first pattern that fits a model's bare name counts.
 * https://ai.google.dev/gemini-api/docs/thinking, https://ai.google.dev/gemini-api/docs/models,
 * https://ai.google.dev/gemini-api/docs/generate-content/whats-new-gemini-3.6 (penalties are an error from there on)
 */
const TABLE: readonly (readonly [RegExp, Partial<ModelTraits>])[] = [
  [/^gemma-(2|3|3n)-/, { ...GENERATION_2, systemInstruction: false }],
  [/^gemma-/, { generation3: false }],
  [/^gemini-(1|2\.0|pro(-vision)?$)/, GENERATION_2],
  [/^gemini-2\.5-.*(image|tts|audio|computer-use)/, { ...GENERATION_2_5, ...NO_THINKING }],
  [/^gemini-2\.5-pro/, { ...GENERATION_2_5, thinking: budget(128, 32_768, false) }],
  [/^gemini-2\.5-flash-lite/, { ...GENERATION_2_5, thinking: budget(512, 24_576, true) }],
  [/^gemini-(2\.5-|robotics-er-1\.5)/, { ...GENERATION_2_5, thinking: budget(1, 24_576, true) }],
  [/^gemini-3-pro-image/, NO_THINKING],
  [/^gemini-3\.1-flash-image/, { thinking: { kind: 'level', levels: ['minimal', 'high'] } }],
  [/^gemini-3-pro/, { thinking: { kind: 'level', levels: ['low', 'high'] } }],
  [/^gemini-3\.\d+-pro/, LOW_TO_HIGH],
  [/^gemini-3(\.[1-5])?-flash(?!-lite)/, MINIMAL_TO_HIGH],
  [/^gemini-3(\.[1-4])?-flash-lite/, MINIMAL_TO_HIGH],
  [/^gemini-3\.(6-flash|[5-9]-flash-lite)/, { ...MINIMAL_TO_HIGH, penalties: 'refused' }],
  [/^gemini-(3\.[7-9]-flash|flash-latest)/, { ...LOW_TO_HIGH, penalties: 'refused' }],
  [/^gemini-flash-lite-latest/, { ...MINIMAL_TO_HIGH, penalties: 'refused' }],
  [/^gemini-4-hydrogen/, { thinking: { kind: 'level', levels: ['low', 'medium', 'high', 'xhigh'] } }],
];

function budget(min: number, max: number, canBeOff: boolean): Thinking {
  return { kind: 'budget', min, max, canBeOff };
}

/** `models/gemini-2.5-pro`, `google/gemini-2.5-pro` and `publishers/google/models/gemini-2.5-pro` are one model. */
export function bareName(model: string): string {
  return model.slice(model.lastIndexOf('/') + 1);
}

/** What is known of `model`, whichever path stands before its name. */
export function traitsOf(model: string): ModelTraits {
  const name = bareName(model).toLowerCase();
  const row = TABLE.find(([pattern]) => pattern.test(name));
  return row === undefined ? NEWEST : { ...NEWEST, ...row[1] };
}
