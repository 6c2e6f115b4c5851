import { ConfigError } from '../lambda/config.ts';
import { hashKey } from '../lambda/gateway/bearer.ts';
import type { CredentialStore, GatewayKeyRecord } from '../lambda/stores/credential-store.ts';
import { generateKey } from '../local/gateway-key.ts';

export interface KeyOptions {
  readonly name?: string | undefined;
  readonly models?: string | undefined;
  /** `12h`, `30d`. */
  readonly 'expires-in'?: string | undefined;
  readonly json?: boolean | undefined;
}

/** Makes a key and returns what to print: the key is shown this once. */
export async function createKey(store: CredentialStore, options: KeyOptions): Promise<string> {
  if (!options.name) throw new ConfigError('keys create needs --name.');
  const key = generateKey();
  const createdAt = Math.floor(Date.now() / 1000);
  const models = options.models
    ?.split(',')
    .map((model) => model.trim())
    .filter(Boolean);
  if (models?.length === 0) throw new ConfigError('--models must name at least one model.');
  const record: GatewayKeyRecord = {
    hash: hashKey(key),
    name: options.name,
    createdAt,
    ...(options['expires-in'] === undefined ? {} : { expiresAt: createdAt + seconds(options['expires-in']) }),
    ...(models === undefined ? {} : { models }),
  };
  await store.putKey(record);
  return options.json ? JSON.stringify({ key, ...shown(record) }) : key;
}

export async function listKeys(store: CredentialStore, options: KeyOptions): Promise<string> {
  const records = (await store.listKeys()).toSorted((a, b) => a.createdAt - b.createdAt).map(shown);
  if (options.json) return JSON.stringify(records);
  if (records.length === 0) return 'There are no keys.';
  return records
    .map(
      ({ id, name, created, expires, models }) =>
        `${id}  ${name}  created ${created}${expires ? `  expires ${expires}` : ''}${models ? `  models ${models.join(',')}` : ''}`,
    )
    .join('\n');
}

/** `which` is a key's id or its name. Throws ConfigError where it fits no key, or more than one. */
export async function revokeKey(store: CredentialStore, which: string | undefined): Promise<string> {
  if (which === undefined) throw new ConfigError('keys revoke needs the id or the name of a key.');
  const found = (await store.listKeys()).filter(
    ({ hash, name }) => hash.slice(0, 16) === which || name === which,
  );
  const [record] = found;
  if (record === undefined) throw new ConfigError('There is no such key.');
  if (found.length > 1) throw new ConfigError('Several keys have this name: give the id.');
  await store.revokeKey(record.hash);
  return `Revoked ${record.hash.slice(0, 16)} (${record.name}). It ends within 5 seconds.`;
}

/** The id is the beginning of the hash: enough to tell keys apart, and what the log calls them. */
function shown({ hash, name, createdAt, expiresAt, models }: GatewayKeyRecord) {
  const time = (at: number) => new Date(at * 1000).toISOString();
  return {
    id: hash.slice(0, 16),
    name,
    created: time(createdAt),
    ...(expiresAt === undefined ? {} : { expires: time(expiresAt) }),
    ...(models === undefined ? {} : { models }),
  };
}

const UNITS: Readonly<Record<string, number>> = { m: 60, h: 3_600, d: 86_400 };

function seconds(text: string): number {
  const match = /^(\d+)([mhd])$/.exec(text);
  const unit = UNITS[match?.[2] ?? ''];
  if (unit === undefined || Number(match?.[1]) === 0)
    throw new ConfigError('--expires-in must be a number and m, h or d: 12h, 30d.');
  return Number(match?.[1]) * unit;
}
