import type { GatewayKeyRecord } from '../lambda/stores/credential-store.ts';
import { OperatorError } from './operator-error.ts';
import type { Target } from './target.ts';
import { isoTime } from './values.ts';

/** The beginning of the hash: enough to tell keys apart, and what the log calls them. */
export function keyId({ hash }: Pick<GatewayKeyRecord, 'hash'>): string {
  return hash.slice(0, 16);
}

/** The key of this id or name. Throws OperatorError where there is none, or more than one. */
export async function findKey(target: Target, which: string): Promise<GatewayKeyRecord> {
  const record = await findKeyIfAny(target, which);
  if (record) return record;
  throw new OperatorError(`There is no such key in ${target.place}: keys list shows them all.`);
}

/** Undefined where there is none. Throws OperatorError where several have this name. */
export async function findKeyIfAny(target: Target, which: string): Promise<GatewayKeyRecord | undefined> {
  const records = await target.credentials.listKeys();
  // Nobody's name may hide another key's id.
  const byId = records.find((record) => keyId(record) === which);
  if (byId) return byId;
  const named = records.filter(({ name }) => name === which);
  if (named.length < 2) return named[0];
  const ids = named.map((record) => `${keyId(record)} (created ${isoTime(record.createdAt)})`);
  throw new OperatorError(`Several keys have this name, give the id of one: ${ids.join(', ')}.`);
}
