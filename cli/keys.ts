import { hashKey } from '../lambda/gateway/callers/bearer.ts';
import { countersOf, NANO_USD } from '../lambda/gateway/limits/counters.ts';
import type { GatewayKeyRecord, Limits } from '../lambda/stores/credential-store.ts';
import { generateKey, isOwnName } from '../local/gateway-key.ts';
import type { Command, CommandContext, Printed } from './command.ts';
import { findKey, keyId } from './find-key.ts';
import { OperatorError } from './operator-error.ts';
import { table } from './table.ts';
import type { Target } from './target.ts';
import { UsageError } from './usage-error.ts';
import { dollars, duration, fromNow, isoTime, list, textOption, usd, wholeNumber } from './values.ts';

export const createKey: Command = {
  usage: '--name NAME [--models A,B] [--rpm N] [--tpm N] [--budget-usd X --per day|month] [--expires 30d]',
  what: 'make a gateway key and print it, this once',
  options: ['name', 'models', 'rpm', 'tpm', 'budget-usd', 'per', 'expires'],
  async run({ target, options, now }): Promise<Printed> {
    const name = checkedName(textOption(options, 'name'));
    const existing = await target.credentials.listKeys();
    if (existing.some((record) => record.name === name && !isExpired(record, now))) {
      throw new OperatorError(
        `There is a key named ${JSON.stringify(name)} already: choose another name, or end it with keys revoke.`,
      );
    }
    const key = generateKey();
    const createdAt = Math.floor(now / 1000);
    const [models, lives] = [list(options, 'models'), duration(options, 'expires')];
    const record: GatewayKeyRecord = {
      hash: hashKey(key),
      name,
      createdAt,
      ...(lives === undefined ? {} : { expiresAt: createdAt + lives }),
      ...(models === undefined ? {} : { models }),
      ...limitsIn(options),
    };
    await target.credentials.putKey(record);
    if (options.json) return { out: JSON.stringify({ key, ...shown(record) }) };
    return { out: key, hint: 'This key is shown once: keep it now. The gateway stores only its hash.' };
  },
};

function limitsIn(options: CommandContext['options']): Limits {
  const [rpm, tpm, amount] = [
    wholeNumber(options, 'rpm'),
    wholeNumber(options, 'tpm'),
    dollars(options, 'budget-usd'),
  ];
  const per = textOption(options, 'per');
  if ((amount === undefined) !== (per === undefined))
    throw new UsageError('--budget-usd and --per belong together: --budget-usd 20 --per month.');
  if (per !== undefined && per !== 'day' && per !== 'month')
    throw new UsageError('--per must be day or month.');
  return {
    ...(rpm === undefined ? {} : { rpm }),
    ...(tpm === undefined ? {} : { tpm }),
    ...(amount === undefined || per === undefined ? {} : { budget: { usd: amount, per } }),
  };
}

function checkedName(name: string | undefined): string {
  if (name === undefined || name.trim() === '') throw new UsageError('keys create needs --name NAME.');
  if (name.length > 128 || /\p{Cc}/u.test(name))
    throw new UsageError('--name must have at most 128 characters, and no control characters.');
  if (isOwnName(name)) throw new UsageError(`--name ${name} is the gateway's own: choose another.`);
  return name;
}

const COLUMNS = [
  { name: 'id' },
  { name: 'name', least: 10 },
  { name: 'created' },
  { name: 'expires' },
  { name: 'limits', least: 10 },
  { name: 'models', least: 10 },
];

export const listKeys: Command = {
  usage: '',
  what: 'the keys, without themselves',
  options: [],
  async run({ target, options, now, width }): Promise<Printed> {
    const records = (await target.credentials.listKeys()).toSorted((a, b) => a.createdAt - b.createdAt);
    if (options.json) return { out: JSON.stringify(records.map(shown)) };
    if (records.length === 0)
      return {
        out: 'There are no keys.',
        hint: `This is ${target.place}. Make one: npm run sluice -- keys create --name NAME`,
      };
    const rows = records.map((record) => [
      keyId(record),
      record.name,
      isoTime(record.createdAt).slice(0, 10),
      record.expiresAt === undefined ? 'never' : fromNow(record.expiresAt, now),
      limitsText(record),
      record.models?.join(',') ?? 'all',
    ]);
    return { out: table(COLUMNS, rows, width) };
  },
};

export const showKey: Command = {
  usage: 'ID|NAME',
  what: 'one key: its rights, and what it used',
  options: [],
  argument: 'the id or the name of a key',
  async run({ target, options, argument = '', now }): Promise<Printed> {
    const record = await findKey(target, argument);
    const used = await usedBy(target, record, now);
    if (options.json) return { out: JSON.stringify({ ...shown(record), used }) };
    const lines = [
      ['id', keyId(record)],
      ['name', record.name],
      ['created', isoTime(record.createdAt)],
      [
        'expires',
        record.expiresAt === undefined
          ? 'never'
          : `${isoTime(record.expiresAt)} (${fromNow(record.expiresAt, now)})`,
      ],
      ['models', record.models?.join(', ') ?? 'all'],
      ['limits', limitsText(record)],
      ...used.map(({ window, requests, tokens, usd: spent }) => [
        `this ${window}`,
        window === 'minute'
          ? `${requests} requests, ${tokens} tokens`
          : `${usd(spent)} in ${requests} requests`,
      ]),
    ];
    if (used.length === 0) lines.push(['used', 'is counted for keys with limits only']);
    return { out: lines.map(([name = '', value = '']) => `${name.padEnd(12)}${value}`).join('\n') };
  },
};

async function usedBy(target: Target, record: GatewayKeyRecord, now: number) {
  const windows = countersOf({ ...record, subject: `key#${keyId(record)}` }, now);
  return Promise.all(
    windows.map(async ({ counter, window, resetsAt }) => {
      const { requests, tokens, nanoUsd } = await target.usage.read(counter.id);
      const resets = resetsAt === undefined ? {} : { resets: isoTime(resetsAt) };
      return { window, requests, tokens, usd: nanoUsd / NANO_USD, ...resets };
    }),
  );
}

export const revokeKey: Command = {
  usage: 'ID|NAME',
  what: 'end a key, and every credential that was made with it',
  options: [],
  argument: 'the id or the name of a key',
  async run({ target, options, argument = '' }): Promise<Printed> {
    const record = await findKey(target, argument);
    const credentials = await target.credentials.listCredentials();
    const children = credentials.filter(
      ({ parent }) => parent.kind === 'gateway-key' && parent.hash === record.hash,
    ).length;
    await target.credentials.revokeKey(record.hash);
    if (options.json) return { out: JSON.stringify({ revoked: keyId(record), credentials: children }) };
    const more = children === 0 ? '' : ` So do its temporary credentials: ${children}.`;
    return { out: `Revoked ${keyId(record)} (${record.name}). It ends within 5 seconds.${more}` };
  },
};

function isExpired({ expiresAt }: GatewayKeyRecord, now: number): boolean {
  return expiresAt !== undefined && expiresAt * 1000 <= now;
}

function limitsText({ rpm, tpm, budget }: Limits): string {
  const parts = [
    rpm === undefined ? '' : `${rpm} requests/min`,
    tpm === undefined ? '' : `${tpm} tokens/min`,
    budget === undefined ? '' : `${usd(budget.usd)}/${budget.per}`,
  ].filter(Boolean);
  return parts.length === 0 ? 'none' : parts.join(', ');
}

function shown(record: GatewayKeyRecord) {
  const { name, createdAt, expiresAt, models, rpm, tpm, budget } = record;
  return {
    id: keyId(record),
    name,
    created: isoTime(createdAt),
    ...(expiresAt === undefined ? {} : { expires: isoTime(expiresAt) }),
    ...(models === undefined ? {} : { models }),
    ...(rpm === undefined ? {} : { rpm }),
    ...(tpm === undefined ? {} : { tpm }),
    ...(budget === undefined ? {} : { budget }),
  };
}
