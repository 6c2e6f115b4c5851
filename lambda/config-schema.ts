import * as v from 'valibot';

/** valibot takes a list for an object; a file with one in its place has a mistake. */
const notList = v.pipe(
  v.unknown(),
  v.check((value) => !Array.isArray(value), 'must be an object, not a list'),
);
const object = <Entries extends v.ObjectEntries>(entries: Entries) =>
  v.pipe(notList, v.strictObject(entries));
const record = <Key extends v.GenericSchema<string, string>, Value extends v.GenericSchema>(
  key: Key,
  value: Value,
) => v.pipe(notList, v.record(key, value));

/** A base URL without a slash at its end. */
export const baseUrl = v.pipe(
  v.string(),
  v.check((text) => /^https?:$/.test(URL.parse(text)?.protocol ?? ''), 'must be an http or https URL'),
  v.check((text) => !/[?#]/.test(text), 'must have no query and no fragment'),
  // A key belongs into the environment or the secret, and travels as the vendor wants it.
  v.check((text) => !URL.parse(text)?.username, 'must hold no user name'),
  v.transform((text) => text.replace(/\/+$/, '')),
);

const name = v.pipe(v.string(), v.regex(/^[\w.-]+$/, 'must be made of letters, digits, ".", "_" and "-"'));

const providerEntry = object({
  kind: v.string(),
  baseUrl: v.optional(baseUrl),
  apiVersion: v.optional(v.string()),
  /** Azure: deployment names by model name, where they differ. */
  deployments: v.optional(record(v.string(), v.string())),
  accountId: v.optional(name),
  project: v.optional(name),
  location: v.optional(name),
  region: v.optional(name),
  api: v.optional(v.picklist(['converse', 'messages', 'openai'])),
  /** Sent with every request to this provider. Not for keys. */
  headers: v.optional(record(v.string(), v.string())),
});

// Chosen by what stands there, not by `v.union`: its issues do not tell the field that is wrong in one of its forms.
const modelName = v.pipe(v.string(), v.minLength(1, 'must not be empty'));
const weighted = object({ model: modelName, weight: v.pipe(v.number(), v.minValue(0), v.finite()) });
const target = v.lazy((value) => (typeof value === 'object' ? weighted : modelName));
const targetList = v.pipe(v.array(target), v.minLength(1, 'must not be empty'));
/** What an alias stands for: a model, or a list of models, with weights or without. */
export const targets = v.lazy((value) => (typeof value === 'object' ? targetList : modelName));

const milliseconds = (fallback: number) =>
  v.optional(
    v.pipe(v.number(), v.integer('must be a whole number of milliseconds'), v.minValue(1)),
    fallback,
  );

const wholeFrom1 = v.pipe(
  v.number(),
  v.integer('must be a whole number'),
  v.minValue(1, 'must be at least 1'),
);
const usd = v.pipe(v.number(), v.minValue(0, 'must not be below 0'), v.finite());
const models = v.optional(v.pipe(v.array(modelName), v.minLength(1, 'must not be empty')));

/** What an identity may use: as a gateway key has it. */
const rights = {
  models,
  rpm: v.optional(wholeFrom1),
  tpm: v.optional(wholeFrom1),
  budget: v.optional(object({ usd, per: v.picklist(['day', 'month'], 'must be day or month') })),
};

const iamIdentity = object({
  arn: v.pipe(v.string(), v.regex(/^arn:aws[\w-]*:(iam|sts)::/, 'must be the ARN of a user or role')),
  ...rights,
});

const text = v.pipe(v.string(), v.minLength(1, 'must not be empty'));
const textOrList = v.lazy((value) =>
  Array.isArray(value) ? v.pipe(v.array(text), v.minLength(1, 'must not be empty')) : text,
);

const oidcIssuer = object({
  issuer: v.pipe(
    v.string(),
    v.regex(/^https:\/\/|^http:\/\/(127\.0\.0\.1|localhost)[:/]/, 'must be an https URL'),
  ),
  audience: textOrList,
  /** Where the keys are; found by the issuer's discovery document where this is not given. */
  jwksUri: v.optional(baseUrl),
  /** The first whose claims all fit gives the rights; a token that none fits has none. */
  rules: v.pipe(
    v.array(object({ claims: v.optional(record(v.string(), textOrList), {}), ...rights })),
    v.minLength(1, 'must not be empty'),
  ),
});

/** US dollars per million tokens. */
const price = object({
  input: usd,
  output: usd,
  cached: v.optional(usd),
  cacheWrite: v.optional(usd),
  reasoning: v.optional(usd),
});

export const gatewayFile = object({
  allowProviderKeys: v.optional(v.boolean()),
  providers: v.optional(record(name, providerEntry), {}),
  models: v.optional(record(modelName, targets), {}),
  timeouts: v.optional(
    object({
      connectMs: milliseconds(5_000),
      firstByteMs: milliseconds(120_000),
      idleMs: milliseconds(60_000),
      totalMs: milliseconds(840_000),
    }),
    {},
  ),
  retries: v.optional(
    object({
      attempts: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(10)), 3),
    }),
    {},
  ),
  cache: v.optional(
    object({
      defaultTtlSeconds: v.optional(
        v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(604_800)),
        604_800,
      ),
      maxEntryBytes: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 8_000_000),
    }),
    {},
  ),
  /** Keys that share one cache, by a name for it: their names or ids. */
  cacheScopes: v.optional(record(text, v.pipe(v.array(text), v.minLength(1, 'must not be empty'))), {}),
  limits: v.optional(
    object({ onStoreFailure: v.optional(v.picklist(['allow', 'deny'], 'must be allow or deny')) }),
    {},
  ),
  prices: v.optional(record(modelName, price), {}),
  logging: v.optional(object({ otlp: v.optional(object({ endpoint: baseUrl })) }), {}),
  identities: v.optional(
    object({ iam: v.optional(v.array(iamIdentity), []), oidc: v.optional(v.array(oidcIssuer), []) }),
    {},
  ),
  cors: v.optional(object({ origins: v.optional(v.array(v.string()), ['*']) }), {}),
});
