import type { Candidate } from './wire.ts';

interface TokenLogprob {
  token: string;
  logprob: number;
  bytes: number[];
}

export interface Logprobs {
  content: (TokenLogprob & { top_logprobs: TokenLogprob[] })[];
  refusal: null;
}

/** https://ai.google.dev/api/generate-content#LogprobsResult */
export function logprobsOf(result: Candidate['logprobsResult']): Logprobs | undefined {
  if (result?.chosenCandidates === undefined) return undefined;
  const content = result.chosenCandidates.map((chosen, index) => ({
    ...tokenLogprob(chosen),
    top_logprobs: (result.topCandidates?.[index]?.candidates ?? []).map(tokenLogprob),
  }));
  return { content, refusal: null };
}

function tokenLogprob({ token = '', logProbability = 0 }: { token?: string; logProbability?: number }) {
  return { token, logprob: logProbability, bytes: [...Buffer.from(token)] };
}
