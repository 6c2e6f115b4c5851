import { countersOf, NANO_USD } from '../lambda/gateway/limits/counters.ts';
import type { CredentialRecord, GatewayKeyRecord } from '../lambda/stores/credential-store.ts';
import type { Command, Printed } from './command.ts';
import { OperatorError } from './operator-error.ts';
import { table } from './table.ts';
import type { Target } from './target.ts';
import { fromNow, isoTime, usd } from './values.ts';

/** A credential can be revoked by how its id begins, so the id may be cut. */
const COLUMNS = [
  { name: 'id', least: 20 },
  { name: 'made with', least: 10 },
  { name: 'expires' },
  { name: 'used', least: 10 },
  { name: 'models', least: 10 },
];

export const listCredentials: Command = {
  usage: '',
  what: 'the temporary credentials that have not expired',
  options: [],
  async run({ target, options, now, width }): Promise<Printed> {
    const [records, keys] = await Promise.all([
      target.credentials.listCredentials(),
      target.credentials.listKeys(),
    ]);
    const sorted = records.toSorted((a, b) => a.createdAt - b.createdAt);
    const used = await Promise.all(sorted.map((record) => usedBy(target, record, now)));
    if (options.json) {
      return { out: JSON.stringify(sorted.map((record, i) => ({ ...shown(record, keys), ...used[i] }))) };
    }
    if (sorted.length === 0)
      return { out: 'There are no temporary credentials.', hint: `This is ${target.place}.` };
    const rows = sorted.map((record, i) => [
      record.id,
      parentText(record, keys),
      fromNow(record.expiresAt, now),
      usedText(record, used[i]),
      record.models?.join(',') ?? 'its parent’s',
    ]);
    return { out: table(COLUMNS, rows, width) };
  },
};

export const revokeCredential: Command = {
  usage: 'ID',
  what: 'end a temporary credential',
  options: [],
  argument: 'the id of a credential, or how it begins',
  async run({ target, options, argument = '' }): Promise<Printed> {
    const records = await target.credentials.listCredentials();
    // As a narrow table shows it.
    const beginning = argument.replace(/…$/, '');
    const prefix = beginning.startsWith('bt_tmp:') ? beginning : `bt_tmp:${beginning}`;
    const matching = records.filter(({ id }) => id.startsWith(prefix));
    const [record] = matching;
    if (record === undefined)
      throw new OperatorError(
        `There is no such credential in ${target.place}, or it has expired: credentials list shows them all.`,
      );
    if (matching.length > 1)
      throw new OperatorError(
        `Several credentials begin so, give more of the id: ${matching.map(({ id }) => id).join(', ')}.`,
      );
    await target.credentials.revokeCredential(record.id);
    if (options.json) return { out: JSON.stringify({ revoked: record.id }) };
    return { out: `Revoked ${record.id}. It ends within 5 seconds.` };
  },
};

interface Used {
  readonly requests?: number;
  readonly usd?: number;
}

/** What is counted for a credential: nothing where it has no limits of its own. */
async function usedBy({ usage }: Target, record: CredentialRecord, now: number): Promise<Used> {
  const [life] = countersOf({ ...record, subject: `cred#${record.id}` }, now);
  if (life === undefined) return {};
  const { requests, nanoUsd } = await usage.read(life.counter.id);
  return { requests, usd: nanoUsd / NANO_USD };
}

function usedText(
  { maxRequests, maxCostUsd }: CredentialRecord,
  { requests = 0, usd: spent = 0 }: Used = {},
): string {
  const parts = [
    maxRequests === undefined ? '' : `${requests}/${maxRequests} requests`,
    maxCostUsd === undefined ? '' : `${usd(spent)}/${usd(maxCostUsd)}`,
  ].filter(Boolean);
  return parts.length === 0 ? 'no limit' : parts.join(', ');
}

function parentText({ parent }: CredentialRecord, keys: readonly GatewayKeyRecord[]): string {
  if (parent.kind === 'provider-key') return 'a provider key';
  if (parent.kind === 'identity') return `an identity (${parent.id})`;
  const key = keys.find(({ hash }) => hash === parent.hash);
  return key ? `key ${key.name}` : 'a revoked key';
}

function shown(record: CredentialRecord, keys: readonly GatewayKeyRecord[]) {
  const { id, createdAt, expiresAt, models, maxRequests, maxCostUsd, orgName, logging } = record;
  return {
    id,
    parent: parentText(record, keys),
    created: isoTime(createdAt),
    expires: isoTime(expiresAt),
    ...(models === undefined ? {} : { models }),
    ...(maxRequests === undefined ? {} : { max_requests: maxRequests }),
    ...(maxCostUsd === undefined ? {} : { max_cost_usd: maxCostUsd }),
    ...(orgName === undefined ? {} : { org_name: orgName }),
    ...(logging === undefined ? {} : { logging: logging.parent }),
  };
}
