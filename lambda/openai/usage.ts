import type { Usage } from './wire.ts';

/** The sum of two usages: of several upstream calls that made one answer. */
export function addUsage(a: Usage | undefined, b: Usage | undefined): Usage | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const prompt = addDetails(a.prompt_tokens_details, b.prompt_tokens_details);
  const completion = addDetails(a.completion_tokens_details, b.completion_tokens_details);
  return {
    prompt_tokens: a.prompt_tokens + b.prompt_tokens,
    completion_tokens: a.completion_tokens + b.completion_tokens,
    total_tokens: a.total_tokens + b.total_tokens,
    ...(prompt ? { prompt_tokens_details: prompt } : {}),
    ...(completion ? { completion_tokens_details: completion } : {}),
  };
}

function addDetails<Details extends object>(
  a: Details | undefined,
  b: Details | undefined,
): Details | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const sum: Record<string, number> = {};
  for (const [name, count] of [...Object.entries(a), ...Object.entries(b)])
    sum[name] = (sum[name] ?? 0) + Number(count);
  return sum as Details;
}
