/** What a local run tells of itself at its start. */
export interface BannerFacts {
  readonly url: string;
  /** Undefined where the key was shown at an earlier start. */
  readonly key: string | undefined;
  readonly chosenKey: boolean;
  /** Providers that have a key or need none. */
  readonly providers: readonly string[];
  readonly dataFolder: string;
}

export function banner({ url, key, chosenKey, providers, dataFolder }: BannerFacts): string {
  const keyLine = chosenKey
    ? 'the one in SLUICE_LOCAL_KEY'
    : (key ?? 'the one shown at the first start (another: npm run sluice -- keys create --name NAME)');
  const on = providers.length > 0 ? providers.join(', ') : 'none yet: set OPENAI_API_KEY or another in .env';
  const bearer = chosenKey ? '$SLUICE_LOCAL_KEY' : (key ?? '$SLUICE_KEY');
  return `
  Sluice ${url}

  key        ${keyLine}
  providers  ${on}
  simulated  simulated/openai, /anthropic, /gemini, /bedrock (need no account)
  state      ${dataFolder}

  curl -N ${url}/chat/completions \\
    -H "Authorization: Bearer ${bearer}" \\
    -H "Content-Type: application/json" \\
    -d '{"model":"simulated/openai","stream":true,"messages":[{"role":"user","content":"Hello"}]}'

`;
}
