/** A vendor, as data: what is known of it before its code is loaded. What each page says is a fact of late 2026. */
export interface Vendor {
  /** The entry's name and prefix: `groq/…`. */
  readonly name: string;
  /** What the family's paths are appended to, no trailing slash. Absent where each account or region has its own. */
  readonly baseUrl?: string;
  /** The entry's settings, each with the environment variable that holds it: `{accountId: 'CLOUDFLARE_ACCOUNT_ID'}`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Environment variables that hold the key(s), by the names the vendor's SDKs use; the first found wins. */
  readonly keyVariables: readonly string[];
  /** Keys that are made of several variables, all of them needed but those that end in `?`: `{region: 'AWS_REGION?'}`. */
  readonly keyParts?: Readonly<Record<string, string>>;
  /** Parts of a key that stand in a file which a variable names. */
  readonly keyFiles?: Readonly<Record<string, string>>;
  /** Environment variables that override the base URL: the vendor's own name first, `<NAME>_BASE_URL` last. */
  readonly baseUrlVariables: readonly string[];
  /** Works without a key: on where the operator configures a base URL, never by default. */
  readonly keyOptional?: boolean;
  /** `GET {baseUrl}/models` lists the models that callers may name. */
  readonly listsModels: boolean;
  /** The vendor's documentation that the entry rests on. */
  readonly page: string;
}

/** A vendor that speaks OpenAI's chat completions. */
export interface CompatibleVendor extends Vendor {
  /** A base URL with `{setting}` places, where it is made of the operator's settings. */
  readonly baseUrlTemplate?: string;
  /** How the key travels: `authorization: Bearer …` or `api-key: …`. */
  readonly auth: 'bearer' | 'api-key';
  /** False where the vendor refuses or ignores `stream_options.include_usage`, or sends usage in any case. */
  readonly includeUsage: boolean;
  /** Fields that the vendor refuses: left out. Never one that the answer's shape depends on (`n`, `logprobs`). */
  readonly refusedFields?: readonly string[];
  /** OpenAI's name of a field → the vendor's. A body that already has the vendor's name keeps that value. */
  readonly renamedFields?: Readonly<Record<string, string>>;
  /** Unknown fields of a message are a 400: what other vendors' answers left in a history is taken out. */
  readonly strictMessages?: boolean;
  /** `/completions` takes every model, not only OpenAI's few completion models. */
  readonly servesCompletions?: boolean;
}

/** A vendor with a format of its own: the family that speaks it. */
export interface NativeVendor extends Vendor {
  readonly family: 'anthropic' | 'gemini' | 'vertex' | 'bedrock';
}
