import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import * as v from 'valibot';
import { ConfigError } from '../lambda/config.ts';

/** The retention periods that CloudWatch Logs knows, but for "never expire". */
const RETENTION_DAYS = Object.values(RetentionDays).filter(
  (days): days is RetentionDays => typeof days === 'number' && days !== RetentionDays.INFINITE,
);

/** `-c key=value` gives a string, cdk.json may hold a number. */
const number = (message: string) =>
  v.union(
    [v.number(message), v.pipe(v.string(message), v.regex(/^\d+$/, message), v.transform(Number))],
    message,
  );

const wholeNumber = (least: number, most: number) => {
  const message = `must be a whole number from ${least} to ${most}`;
  return v.pipe(number(message), v.integer(message), v.minValue(least, message), v.maxValue(most, message));
};

const oneOf = <const T extends string>(...values: T[]) =>
  v.picklist(values, `must be one of ${values.join(', ')}`);

const retentionMessage = `must be one of ${RETENTION_DAYS.join(', ')}`;

const prefixMessage = 'must be letters, digits and "-", a letter first';
const pathMessage = 'must be the path of a file';

const deployConfig = v.strictObject({
  /** Begins the stacks' names, so that several gateways fit into one account. */
  stackPrefix: v.optional(
    v.pipe(v.string(prefixMessage), v.regex(/^[A-Za-z][A-Za-z0-9-]{0,99}$/, prefixMessage)),
    'Sluice',
  ),
  /** Path of gateway.json, relative to the project; the file of that name in the project where this is not given. */
  config: v.optional(v.pipe(v.string(pathMessage), v.minLength(1, pathMessage))),
  memorySize: v.optional(wholeNumber(128, 10_240), 512),
  timeoutSeconds: v.optional(wholeNumber(1, 900), 900),
  /** Most requests in flight, as a ceiling on cost; 0 stops the gateway. The account's own quota where not given. */
  reservedConcurrency: v.optional(wholeNumber(0, 100_000)),
  logRetentionDays: v.optional(
    v.pipe(number(retentionMessage), v.picklist(RETENTION_DAYS, retentionMessage)),
    30,
  ),
  /** Of the requests that callers want logged, with what they say. */
  requestLogRetentionDays: v.optional(
    v.pipe(number(retentionMessage), v.picklist(RETENTION_DAYS, retentionMessage)),
    30,
  ),
  /** Who may call the function URL. With NONE the gateway itself authenticates each request, as it does behind the API. */
  functionUrlAuth: v.optional(oneOf('NONE', 'AWS_IAM', 'off'), 'NONE'),
  /** Whether the function's role may invoke the account's Bedrock models. */
  bedrock: v.optional(oneOf('on', 'off'), 'on'),
  /** What the REST API calls: the function itself, or its function URL. */
  apiGatewayIntegration: v.optional(oneOf('lambda', 'function-url'), 'lambda'),
  /** Requests per second that the REST API lets through, over all callers. */
  throttleRate: v.optional(wholeNumber(1, 10_000), 100),
  throttleBurst: v.optional(wholeNumber(1, 5_000), 200),
});

/** What an operator may choose with `cdk deploy -c key=value`, or under "context" in cdk.json. */
export type DeployConfig = v.InferOutput<typeof deployConfig>;

/**
 * Reads the CDK context. Throws ConfigError that names the key. A key with a colon, a dash or an @ belongs to the
 * CDK; any other is meant for us, so a misspelt one is refused before it silently leaves a default in place.
 */
export function readDeployConfig(context: Readonly<Record<string, unknown>>): DeployConfig {
  const ours = Object.fromEntries(Object.entries(context).filter(([key]) => /^\w+$/.test(key)));
  const result = v.safeParse(deployConfig, ours);
  if (!result.success) throw new ConfigError(describe(result.issues[0], ours));
  const config = result.output;
  if (config.apiGatewayIntegration === 'function-url' && config.functionUrlAuth !== 'NONE') {
    throw new ConfigError(
      `The context key functionUrlAuth must be NONE where apiGatewayIntegration is function-url: API Gateway can not ` +
        `sign its calls to a function URL. It is ${config.functionUrlAuth}.`,
    );
  }
  return config;
}

function describe(issue: v.BaseIssue<unknown>, context: Readonly<Record<string, unknown>>): string {
  const key = String(issue.path?.[0]?.key);
  if (!(key in deployConfig.entries)) {
    return `${key} is not a context key of Sluice. The keys are ${Object.keys(deployConfig.entries).join(', ')}.`;
  }
  return `The context key ${key} ${issue.message}. It is ${JSON.stringify(context[key])}.`;
}
