import { parseArgs } from 'node:util';
import { createKey, listKeys, revokeKey } from '../cli/keys.ts';
import { openTarget } from '../cli/target.ts';
import { ConfigError, processEnvironment } from '../lambda/config.ts';
import { readDotEnv } from '../local/dotenv.ts';

const USAGE = `npm run sluice -- COMMAND [OPTIONS]

  keys create --name NAME [--models A,B] [--expires-in 30d] [--json]   make a gateway key and print it, this once
  keys list [--json]                                                   the keys, without themselves
  keys revoke ID|NAME                                                  end a key

The local data folder (SLUICE_DATA) is meant, unless --stack NAME (or SLUICE_STACK) names the CloudFormation stack of a
deployed gateway; your own AWS credentials are used then.
`;

/** The operator's CLI. */
async function main(): Promise<void> {
  const environment = { ...readDotEnv('.env'), ...processEnvironment() };
  const { values, positionals } = parse();
  const [group, action, argument] = positionals;
  if (values.help || group === undefined) {
    process.stdout.write(USAGE);
    return;
  }
  if (group !== 'keys' || !['create', 'list', 'revoke'].includes(action ?? '')) {
    throw new ConfigError(`unknown command "${positionals.join(' ')}".\n\n${USAGE}`);
  }
  const target = await openTarget(values.stack ?? (environment.SLUICE_STACK || undefined), environment);
  try {
    const { credentials } = target;
    const text =
      action === 'create'
        ? await createKey(credentials, values)
        : action === 'list'
          ? await listKeys(credentials, values)
          : await revokeKey(credentials, argument);
    process.stdout.write(`${text}\n`);
  } finally {
    await target.close();
  }
}

function parse() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        name: { type: 'string' },
        models: { type: 'string' },
        'expires-in': { type: 'string' },
        stack: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new ConfigError(
      `${error instanceof Error ? error.message : 'the arguments can not be read'}\n\n${USAGE}`,
    );
  }
}

main().catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`sluice: ${message}\n`);
  process.exit(1);
});
