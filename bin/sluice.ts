import { parseArgs } from 'node:util';
import { explained } from '../cli/aws-advice.ts';
import { cacheStats } from '../cli/cache.ts';
import { purgeCache } from '../cli/cache-purge.ts';
import type { Command } from '../cli/command.ts';
import { listCredentials, revokeCredential } from '../cli/credentials.ts';
import { createKey, listKeys, revokeKey, showKey } from '../cli/keys.ts';
import { wrapped } from '../cli/table.ts';
import { openTarget } from '../cli/target.ts';
import { UsageError } from '../cli/usage-error.ts';
import { type Options, textOption } from '../cli/values.ts';
import { processEnvironment } from '../lambda/config.ts';
import { readDotEnv } from '../local/dotenv.ts';

const COMMANDS: Readonly<Record<string, Command>> = {
  'keys create': createKey,
  'keys list': listKeys,
  'keys show': showKey,
  'keys revoke': revokeKey,
  'credentials list': listCredentials,
  'credentials revoke': revokeCredential,
  'cache stats': cacheStats,
  'cache purge': purgeCache,
};

/** Options that every command takes. */
const COMMON = ['stack', 'region', 'json', 'help'];
const FLAGS = new Set(['json', 'help', 'all']);

const GENERAL: readonly (readonly [option: string, what: string])[] = [
  [
    '--json',
    'print JSON, for scripts (npm run --silent sluice -- …): times are ISO 8601 in UTC, amounts US dollars',
  ],
  [
    '--stack STACK',
    'the gateway’s CloudFormation stack (or SLUICE_STACK), with your own AWS credentials; else the local data folder (SLUICE_DATA) is meant',
  ],
  ['--region REGION', 'that of the stack; else that of your AWS profile'],
];

const helpOf = (name: string, { usage, what }: Command) =>
  `${wrapped(`${name} ${usage}`.trim(), 2, 6)}\n${wrapped(what, 6)}`;

const usage = `npm run sluice -- COMMAND [OPTIONS]

${Object.entries(COMMANDS)
  .map(([name, command]) => helpOf(name, command))
  .join('\n')}

${GENERAL.map(([option, what]) => `${wrapped(option, 2)}\n${wrapped(what, 6)}`).join('\n')}
`;

/** The operator's CLI. Exits with 1 where a command fails, with 2 where the command line is wrong. */
async function main(): Promise<void> {
  const environment = { ...readDotEnv('.env'), ...processEnvironment() };
  const { values, positionals } = parse();
  const [group, action, argument, ...rest] = positionals;
  if (group === undefined || (values.help && action === undefined)) {
    process.stdout.write(usage);
    return;
  }
  const name = `${group} ${action ?? ''}`.trim();
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined)
    throw new UsageError(
      `unknown command ${JSON.stringify(name)}. There are: ${Object.keys(COMMANDS).join(', ')}.`,
    );
  if (values.help) {
    const common = wrapped('--json, --stack and --region go with every command: see --help alone', 2);
    process.stdout.write(`npm run sluice --\n${helpOf(name, command)}\n\n${common}\n`);
    return;
  }
  check(name, command, values, argument, rest);
  const stack = textOption(values, 'stack') ?? (environment.SLUICE_STACK || undefined);
  const target = await openTarget(stack, textOption(values, 'region'), environment);
  try {
    const width = process.stdout.isTTY ? process.stdout.columns : undefined;
    const { out, hint } = await command.run({ target, options: values, argument, now: Date.now(), width });
    process.stdout.write(`${out}\n`);
    if (hint) process.stderr.write(`${hint}\n`);
  } catch (error) {
    throw explained(error, target.place);
  } finally {
    await target.close();
  }
}

function parse(): { values: Options; positionals: string[] } {
  const names = [...COMMON, ...Object.values(COMMANDS).flatMap(({ options }) => options)];
  const options = Object.fromEntries(
    names.map((name) => [name, { type: FLAGS.has(name) ? 'boolean' : 'string' } as const]),
  );
  try {
    const parsed = parseArgs({ allowPositionals: true, options });
    return { values: parsed.values as Options, positionals: parsed.positionals };
  } catch (error) {
    throw new UsageError(parseMessage(error as Error & { code?: string }));
  }
}

/** Node's own message tells of things that no operator asked for. */
function parseMessage({ code, message }: Error & { code?: string }): string {
  const option = /'(--?[^' ]+)/.exec(message)?.[1] ?? 'an option';
  const command = COMMANDS[process.argv.slice(2, 4).join(' ')];
  const expected = command
    ? ` It is: ${process.argv[2]} ${process.argv[3]} ${command.usage}`
    : ' See --help.';
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') return `there is no option ${option}.${expected}`;
  if (/does not take an argument/.test(message)) return `${option} takes no value.${expected}`;
  const dash = /ambiguous/.test(message) ? `; one that begins with a dash is written ${option}=-1` : '';
  return `${option} needs a value${dash}.${expected}`;
}

function check(
  name: string,
  command: Command,
  values: Options,
  argument: string | undefined,
  rest: readonly string[],
): void {
  const foreign = Object.keys(values).find(
    (option) => !COMMON.includes(option) && !command.options.includes(option),
  );
  if (foreign !== undefined)
    throw new UsageError(`${name} does not take --${foreign}. It is: ${name} ${command.usage}`);
  if (command.argument === undefined && argument !== undefined)
    throw new UsageError(`${name} does not take ${JSON.stringify(argument)}.`);
  if (command.argument !== undefined && argument === undefined)
    throw new UsageError(`${name} needs ${command.argument}.`);
  if (rest.length > 0) throw new UsageError(`${name} takes one argument: quote a name that has spaces.`);
}

main().catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`sluice: ${message}\n`);
  process.exit(error instanceof UsageError ? 2 : 1);
});
