import type { Usage } from '../../openai/wire.ts';
import { objectsIn } from './json.ts';
import type { UsageMetadata } from './wire.ts';

/**
 * Gemini counts thoughts beside the answer and what its own tools put into the prompt beside the prompt; OpenAI counts them
 * in. Undefined where the metadata tells no counts: events in the middle of Vertex's streams hold only a traffic type.
 * https://ai.google.dev/api/generate-content#UsageMetadata
 */
export function usageOf(metadata: UsageMetadata | undefined): Usage | undefined {
  if (metadata?.promptTokenCount === undefined && metadata?.candidatesTokenCount === undefined)
    return undefined;
  const prompt = count(metadata.promptTokenCount) + count(metadata.toolUsePromptTokenCount);
  const completion = count(metadata.candidatesTokenCount) + count(metadata.thoughtsTokenCount);
  const audio = objectsIn(metadata.promptTokensDetails).find(({ modality }) => String(modality) === 'AUDIO');
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: {
      cached_tokens: count(metadata.cachedContentTokenCount),
      ...(audio === undefined ? {} : { audio_tokens: count(audio.tokenCount) }),
    },
    completion_tokens_details: { reasoning_tokens: count(metadata.thoughtsTokenCount) },
  };
}

function count(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}
