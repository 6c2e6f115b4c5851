import type { Command, Printed } from './command.ts';
import { findKeyIfAny, keyId } from './find-key.ts';
import { OperatorError } from './operator-error.ts';
import { printable } from './table.ts';
import type { Target } from './target.ts';
import { UsageError } from './usage-error.ts';
import { type Options, textOption } from './values.ts';

const SHARED = 'scope#';

export const purgeCache: Command = {
  usage: '--key ID|NAME | --scope NAME | --model PROVIDER/MODEL | --all',
  what: 'forget cached answers: those of a key and its living credentials, those that the keys of a scope in cacheScopes share, those of a model, or all',
  options: ['key', 'scope', 'model', 'all'],
  async run({ target, options }): Promise<Printed> {
    const choice = await chosen(target, options);
    const purged = await target.cache.purge(choice);
    const left = choice.left ? await choice.left(purged) : {};
    if (options.json) return { out: JSON.stringify({ purged, ...left.json }) };
    const entries = `${purged} ${purged === 1 ? 'entry' : 'entries'}`;
    const memory = purged === 0 ? '' : ' Running gateways forget them within 30 seconds.';
    return {
      out: `Purged ${entries} of ${choice.whose}.${memory}`,
      ...(left.hint === undefined ? {} : { hint: left.hint }),
    };
  },
};

interface Choice {
  readonly scope?: readonly string[];
  readonly model?: string;
  readonly whose: string;
  /** What the operator may take for gone, and is not. */
  readonly left?: (purged: number) => Promise<Left>;
}

interface Left {
  /** Of the same form whether anything is left or not. */
  readonly json?: object;
  readonly hint?: string;
}

async function chosen(target: Target, options: Options): Promise<Choice> {
  const given = ['key', 'scope', 'model'].flatMap((name) => {
    const value = textOption(options, name);
    return value === undefined ? [] : [{ name, value }];
  });
  const [only, another] = given;
  if (another !== undefined || (only === undefined) === (options.all !== true))
    throw new UsageError('cache purge needs one of --key, --scope, --model and --all.');
  if (only === undefined) return { whose: `all keys in ${target.place}` };
  if (only.value === '') throw new UsageError(`--${only.name} must not be empty.`);
  if (only.name === 'key') return ofKey(target, only.value);
  return only.name === 'scope' ? ofScope(target, only.value) : ofModel(target, only.value);
}

/** A key's own entries stand under its hash, each of its credentials' under the credential's id. */
async function ofKey(target: Target, which: string): Promise<Choice> {
  const [record, { scopes }, credentials] = await Promise.all([
    findKeyIfAny(target, which),
    target.cache.labels(),
    target.credentials.listCredentials(),
  ]);
  // A key that was revoked has no record any more, and its entries are there until their time is over.
  const id = record ? keyId(record) : which;
  const own = Object.keys(scopes).filter((scope) => scope.startsWith(`key#${id}`));
  const children = credentials.filter(
    ({ parent }) => parent.kind === 'gateway-key' && parent.hash.startsWith(id),
  );
  const known = record !== undefined || (/^[\da-f]{16}$/.test(id) && own.length + children.length > 0);
  if (!known)
    throw new OperatorError(
      `There is no such key in ${target.place}: keys list shows them all. What a revoked key left goes by its id.`,
    );
  const more = children.length === 0 ? '' : ` and its ${counted(children.length, 'living credential')}`;
  return {
    scope: [...own, ...children.map((child) => `cred#${child.id}`)],
    whose: `${record ? `key ${record.name}` : `the revoked key ${id}`}${more}`,
    left: async () => ofSharedScopes(scopes),
  };
}

/** Which keys share a scope stands in gateway.json, which on AWS is the function's alone. */
function ofSharedScopes(scopes: Readonly<Record<string, number>>): Left {
  const shared = sharedIn(scopes);
  const json = { left_in_shared_scopes: Object.fromEntries(shared) };
  if (shared.length === 0) return { json };
  const counts = shared.map(([name, count]) => `${printable(name)} (${counted(count, 'entry', 'entries')})`);
  return {
    json,
    hint: `Not purged: what keys share by cacheScopes in gateway.json. Where this key is in one of them, purge it for all its keys with cache purge --scope NAME: ${counts.join(', ')}.`,
  };
}

function ofScope(target: Target, name: string): Choice {
  const nothing = async (purged: number): Promise<Left> => {
    if (purged > 0) return {};
    const shared = sharedIn((await target.cache.labels()).scopes).map(([scope]) => printable(scope));
    return {
      hint: `No entry is of this scope. ${shared.length === 0 ? 'No shared scope has any' : `Scopes with entries: ${shared.join(', ')}`}.`,
    };
  };
  return { scope: [`${SHARED}${name}`], whose: `scope ${name}`, left: nothing };
}

function ofModel(target: Target, model: string): Choice {
  if (!model.includes('/'))
    throw new UsageError(
      `--model must be PROVIDER/MODEL, the provider that answered and its own name of the model: openai/${model}.`,
    );
  const nothing = async (purged: number): Promise<Left> => {
    if (purged > 0) return {};
    const models = Object.keys((await target.cache.labels()).models).map(printable);
    return {
      hint: `No entry is of this model. ${models.length === 0 ? 'The cache is empty' : `Models with entries: ${models.join(', ')}`}.`,
    };
  };
  return { model, whose: model, left: nothing };
}

function sharedIn(scopes: Readonly<Record<string, number>>): [name: string, count: number][] {
  return Object.entries(scopes).flatMap(([scope, count]) =>
    scope.startsWith(SHARED) ? [[scope.slice(SHARED.length), count]] : [],
  );
}

function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
