/** What an operator says of a provider entry: in gateway.json, or by the vendors' environment variables. No keys. */
export interface ProviderSettings {
  readonly name: string;
  readonly kind: string;
  readonly baseUrl?: string | undefined;
  readonly apiVersion?: string | undefined;
  readonly deployments?: Readonly<Record<string, string>> | undefined;
  readonly accountId?: string | undefined;
  readonly project?: string | undefined;
  readonly location?: string | undefined;
  readonly region?: string | undefined;
  readonly api?: 'converse' | 'messages' | 'openai' | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly [setting: string]: unknown;
}
