import type { createGoogle } from '@ai-sdk/google';

/** What Vercel's providers are asked with. */
export type Options = Parameters<ReturnType<ReturnType<typeof createGoogle>>['doGenerate']>[0];

/** The same request in both forms. */
export interface Case {
  readonly name: string;
  readonly model: string;
  readonly ours: object;
  readonly theirs: Options;
  /** Paths that differ, and why. */
  readonly differences?: Readonly<Record<string, string>>;
}

export const text = (value: string) => ({ type: 'text' as const, text: value });

export const hello = { messages: [{ role: 'user', content: 'Hi' }] };

export const helloPrompt: Options = { prompt: [{ role: 'user', content: [text('Hi')] }] };

export const schema = {
  type: 'object' as const,
  properties: { city: { type: 'string' as const, const: 'Oslo' } },
  additionalProperties: false,
};
