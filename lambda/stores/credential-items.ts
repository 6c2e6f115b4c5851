import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { CredentialParent, CredentialRecord, GatewayKeyRecord, Limits } from './credential-store.ts';

export type Item = Record<string, AttributeValue>;

export const KEY_PREFIX = 'key#';
export const CREDENTIAL_PREFIX = 'cred#';

/** The attribute of a number that may be missing, and back. */
const optionalNumber = (name: string, value: number | undefined): Item =>
  value === undefined ? {} : { [name]: { N: String(value) } };
const numberIn = (item: Item, name: string) =>
  item[name]?.N === undefined ? undefined : Number(item[name].N);
const list = (values: readonly string[]): AttributeValue => ({ L: values.map((S) => ({ S })) });
const listIn = (item: Item, name: string) => item[name]?.L?.map(({ S }) => S ?? '');

/** Leaves out what is undefined: with exactOptionalPropertyTypes an absent field is no undefined one. */
function present<Of extends object>(record: { [Name in keyof Of]: Of[Name] | undefined }): Of {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as Of;
}

function limitItem({ rpm, tpm, budget }: Limits): Item {
  return {
    ...optionalNumber('rpm', rpm),
    ...optionalNumber('tpm', tpm),
    ...(budget === undefined ? {} : { budget_usd: { N: String(budget.usd) }, budget_per: { S: budget.per } }),
  };
}

function limitsIn(item: Item): Limits {
  const usd = numberIn(item, 'budget_usd');
  const per = item.budget_per?.S === 'month' ? 'month' : 'day';
  return present<Limits>({
    rpm: numberIn(item, 'rpm'),
    tpm: numberIn(item, 'tpm'),
    budget: usd === undefined ? undefined : { usd, per },
  });
}

export function keyItem(record: GatewayKeyRecord): Item {
  return {
    pk: { S: `${KEY_PREFIX}${record.hash}` },
    name: { S: record.name },
    created_at: { N: String(record.createdAt) },
    ...optionalNumber('expires_at', record.expiresAt),
    ...(record.models === undefined ? {} : { models: list(record.models) }),
    ...limitItem(record),
  };
}

export function keyRecord(item: Item): GatewayKeyRecord {
  return present<GatewayKeyRecord>({
    hash: (item.pk?.S ?? '').slice(KEY_PREFIX.length),
    name: item.name?.S ?? '',
    createdAt: Number(item.created_at?.N ?? 0),
    expiresAt: numberIn(item, 'expires_at'),
    models: listIn(item, 'models'),
    ...limitsIn(item),
  } as Parameters<typeof present<GatewayKeyRecord>>[0]);
}

export function credentialItem(record: CredentialRecord): Item {
  return {
    pk: { S: `${CREDENTIAL_PREFIX}${record.id}` },
    created_at: { N: String(record.createdAt) },
    expires_at: { N: String(record.expiresAt) },
    parent: { M: parentItem(record.parent) },
    ...(record.models === undefined ? {} : { models: list(record.models) }),
    ...optionalNumber('max_requests', record.maxRequests),
    ...optionalNumber('max_cost_usd', record.maxCostUsd),
    ...(record.orgName === undefined ? {} : { org_name: { S: record.orgName } }),
    ...(record.cacheScope === undefined ? {} : { cache_scope: { S: record.cacheScope } }),
    ...(record.logging === undefined ? {} : { logging_parent: { S: record.logging.parent } }),
  };
}

function parentItem(parent: CredentialParent): Item {
  const kind = { kind: { S: parent.kind } };
  if (parent.kind === 'gateway-key') return { ...kind, hash: { S: parent.hash } };
  if (parent.kind === 'provider-key') return { ...kind, id: { S: parent.id }, sealed: { B: parent.sealed } };
  return { ...kind, id: { S: parent.id }, subject: { S: parent.subject }, grant: { S: parent.grant } };
}

export function credentialRecord(item: Item): CredentialRecord {
  const logging = item.logging_parent?.S;
  return present<CredentialRecord>({
    id: (item.pk?.S ?? '').slice(CREDENTIAL_PREFIX.length),
    parent: parentIn(item.parent?.M ?? {}),
    createdAt: Number(item.created_at?.N ?? 0),
    expiresAt: Number(item.expires_at?.N ?? 0),
    models: listIn(item, 'models'),
    maxRequests: numberIn(item, 'max_requests'),
    maxCostUsd: numberIn(item, 'max_cost_usd'),
    orgName: item.org_name?.S,
    cacheScope: item.cache_scope?.S,
    logging: logging === undefined ? undefined : { parent: logging },
  });
}

function parentIn(item: Item): CredentialParent {
  const id = item.id?.S ?? '';
  if (item.kind?.S === 'gateway-key') return { kind: 'gateway-key', hash: item.hash?.S ?? '' };
  if (item.kind?.S === 'provider-key')
    return { kind: 'provider-key', id, sealed: item.sealed?.B ?? new Uint8Array() };
  return { kind: 'identity', id, subject: item.subject?.S ?? '', grant: item.grant?.S ?? '' };
}
