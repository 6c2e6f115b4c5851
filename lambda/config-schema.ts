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

const ROLE = /^(arn:[^:]+):(?:iam::(\d+):role\/(?:.*\/)?|sts::(\d+):assumed-role\/)([^/]+)/;
const NAMES =
  /^(iam::\d+:(root|(role|user)(\/[\w+=,.@*-]+)+)|sts::\d+:(assumed-role\/[\w+=,.@*-]+(\/\*)?|federated-user\/[\w+=,.@-]+))$/;

/**
 * The ARN of a role, a user, a federated user or an account's root; `*` stands for any text but `/` and `:`. A role comes out
 * as `arn:aws:iam::123456789012:role/NAME`, without its path: AWS tells none when a role calls, and names are unique without it.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
 */
const iamArn = v.pipe(
  v.string(),
  v.regex(/^arn:aws(-[a-z]+)*:(iam|sts)::/, 'must be the ARN of an IAM role or user'),
  v.regex(/^[^:]*:[^:]*:[^:]*::\d{12}:/, 'must name the account by its 12 digits'),
  // A right that hangs on either would go to whoever picks the name.
  v.check((arn) => !/:assumed-role\/[^/]+\/(?!\*$)/.test(arn), 'must name no session: its caller chooses it'),
  v.check((arn) => !/:federated-user\/.*\*/.test(arn), 'must name a federated user without *'),
  // `role/team/*` would come out as `role/*`, which is every role of the account.
  v.check((arn) => !(/:role\/.*\//.test(arn) && arn.includes('*')), 'must have no * in a role with a path'),
  v.check(
    (arn) => NAMES.test(arn.replace(/^[^:]*:[^:]*:/, '')),
    'must end in role/NAME, user/NAME, assumed-role/NAME, federated-user/NAME or root',
  ),
  v.transform((arn) => {
    const [, partition = '', account, assumed, role] = ROLE.exec(arn) ?? [];
    return role === undefined ? arn : `${partition}:iam::${account ?? assumed}:role/${role}`;
  }),
);

const text = v.pipe(v.string(), v.minLength(1, 'must not be empty'));
const textList = v.pipe(v.array(text), v.minLength(1, 'must not be empty'));
const audience = v.pipe(
  v.lazy((value) => (Array.isArray(value) ? textList : text)),
  v.transform((value) => (typeof value === 'string' ? [value] : value)),
);

/** A claim is compared as text: `true` and `7` as they stand in JSON. */
const scalar = v.lazy((value) => {
  if (typeof value === 'boolean') return v.boolean();
  return typeof value === 'number' ? v.pipe(v.number(), v.safeInteger('must be a whole number')) : text;
});
const scalarList = v.pipe(v.array(scalar), v.minLength(1, 'must not be empty'));
const claimValues = v.pipe(
  v.lazy((value) => (Array.isArray(value) ? scalarList : scalar)),
  v.transform((value) => (Array.isArray(value) ? value : [value]).map(String)),
);
const claims = v.pipe(
  v.unknown(),
  // valibot leaves these keys out without a word, and a rule with a claim fewer fits more tokens.
  v.check(
    (value) => !Object.keys(value ?? {}).some((key) => /^(__proto__|prototype|constructor)$/.test(key)),
    'must not name __proto__, prototype or constructor',
  ),
  record(text, claimValues),
);

/** Keys that anybody could put into their place on the way are no proof: https, or the machine itself. */
const secureUrl = v.pipe(
  v.string(),
  v.check((value) => {
    const { protocol, hostname } = URL.parse(value) ?? {};
    const loopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname ?? '');
    return protocol === 'https:' || (protocol === 'http:' && loopback);
  }, 'must be an https URL'),
  v.check((value) => !URL.parse(value)?.username && !URL.parse(value)?.password, 'must hold no user name'),
  v.check((value) => !value.includes('#'), 'must have no fragment'),
);

const oidcIssuer = object({
  /** As it stands in the tokens' `iss`, a slash at its end and all. */
  issuer: v.pipe(
    secureUrl,
    v.check((value) => !value.includes('?'), 'must have no query'),
  ),
  audience,
  /** Where the keys are; found by the issuer's discovery document where this is not given. */
  jwksUri: v.optional(secureUrl),
  /** The first whose claims all fit gives the rights; a token that none fits has none. */
  rules: v.pipe(
    v.array(object({ claims: v.optional(claims, {}), ...rights })),
    v.minLength(1, 'must not be empty'),
  ),
});

const identities = object({
  /** The first whose ARN fits gives the rights. */
  iam: v.optional(v.array(object({ arn: iamArn, ...rights })), []),
  oidc: v.optional(
    v.pipe(
      v.array(oidcIssuer),
      v.check(
        (list) => new Set(list.map(({ issuer }) => issuer)).size === list.length,
        'must name each issuer once',
      ),
    ),
    [],
  ),
});

const tokenPrices = {
  input: usd,
  output: usd,
  cached: v.optional(usd),
  cacheWrite: v.optional(usd),
  reasoning: v.optional(usd),
};

/** US dollars per million tokens. */
const price = object({
  ...tokenPrices,
  /** What every token of a request costs whose prompt has more than `over` tokens. */
  longPrompt: v.optional(object({ over: wholeFrom1, ...tokenPrices })),
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
      /** For one call to the response cache: beyond, the request goes on without it. */
      cacheMs: milliseconds(150),
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
  identities: v.optional(identities, {}),
  cors: v.optional(object({ origins: v.optional(v.array(v.string()), ['*']) }), {}),
});
