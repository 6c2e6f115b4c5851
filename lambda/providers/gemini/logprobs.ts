import { objectsIn, textOf } from './json.ts';
import type { Candidate } from './wire.ts';

interface TokenLogprob {
  token: string;
  logprob: number;
  bytes: number[];
}

/** https://platform.openai.com/docs/api-reference/chat/object (logprobs) */
export interface Logprobs {
  content: (TokenLogprob & { top_logprobs: TokenLogprob[] })[];
  refusal: null;
}

/** https://ai.google.dev/api/generate-content#LogprobsResult */
export function logprobsOf(result: Candidate['logprobsResult']): Logprobs | undefined {
  if (!Array.isArray(result?.chosenCandidates)) return undefined;
  const content = objectsIn(result.chosenCandidates).map((chosen, index) => ({
    ...tokenLogprob(chosen),
    top_logprobs: objectsIn(result.topCandidates?.[index]?.candidates).map(tokenLogprob),
  }));
  return { content, refusal: null };
}

function tokenLogprob(candidate: { token?: string; logProbability?: number }) {
  const token = textOf(candidate.token) ?? '';
  const { logProbability = 0 } = candidate;
  return { token, logprob: logProbability, bytes: [...Buffer.from(token)] };
}
