import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { VENDORS } from '../lambda/providers/catalog.ts';
import { NATIVE_VENDORS } from '../lambda/providers/native-vendors.ts';
import { cycleIn, type Module, modulesOf, pathsBelow, ROOT, runtimeCode } from './support/modules.ts';

const ROOMS = ['lambda', 'lib', 'bin', 'local', 'cli'];
const modules = modulesOf(ROOMS);
const inRoom = (room: string) => modules.filter(({ path }) => path.startsWith(`${room}/`));

/** `lambda/http/app.ts` → `http`; a file of lambda itself is a room of its own: `errors.ts`. */
function roomOf(path: string): string {
  const [top = '', second = ''] = path.split('/');
  return top === 'lambda' ? second : top;
}

/** What each room of the gateway may import beside itself. */
const LEAVES = ['errors.ts', 'environment.ts', 'log.ts', 'config.ts'];
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'index.ts': [...LEAVES, 'http', 'gateway', 'openai', 'providers', 'streams', 'stores'],
  http: [...LEAVES, 'gateway', 'openai', 'providers', 'streams', 'stores'],
  gateway: [...LEAVES, 'openai', 'providers', 'streams', 'stores'],
  stores: [...LEAVES, 'providers'],
  providers: [...LEAVES, 'openai', 'streams'],
  openai: [...LEAVES, 'streams'],
  streams: LEAVES,
  'config.ts': ['environment.ts', 'config-schema.ts'],
  'config-schema.ts': [],
  'log.ts': ['errors.ts'],
  'errors.ts': [],
  'environment.ts': [],
};

function violations(
  of: readonly Module[],
  why: (module: Module, target: string) => string | undefined,
): string[] {
  return of.flatMap((module) =>
    module.targets.flatMap((target) => {
      const reason = why(module, target);
      return reason === undefined ? [] : [`${module.path} imports ${target}: ${reason}`];
    }),
  );
}

describe('the project’s modules', () => {
  test('are found, and import what is there', () => {
    const missing = violations(modules, (_, target) =>
      existsSync(join(ROOT, target)) ? undefined : 'there is none',
    );
    expect(missing).toEqual([]);
    expect(modules.length).toBeGreaterThan(50);
  });
});

describe('imports go one way', () => {
  test('between the rooms of the gateway: http → gateway → openai, providers, streams, stores’ interfaces → errors', () => {
    const wrong = violations(inRoom('lambda'), ({ path }, target) => {
      const [from, to] = [roomOf(path), roomOf(target)];
      if (!target.startsWith('lambda/')) return 'the gateway imports nothing from outside lambda/';
      const allowed = MAY_IMPORT[from];
      if (allowed === undefined) return `design.md has no room ${from}`;
      return from === to || allowed.includes(to)
        ? undefined
        : `${from} may import only ${allowed.join(', ') || 'nothing'}`;
    });
    expect(wrong).toEqual([]);
  });

  test('between the rooms of the walk: each knows those before it', () => {
    const order = [
      'request',
      'upstream',
      'routing',
      'callers',
      'answers',
      'limits',
      'records',
      'cache',
      'raw',
    ];
    const placeOf = (path: string) => {
      const room = /^lambda\/gateway\/([^/]+)\//.exec(path)?.[1];
      return room === undefined ? order.length : order.indexOf(room);
    };
    const walk = inRoom('lambda/gateway');
    expect(walk.map(({ path }) => path).filter((path) => placeOf(path) === -1)).toEqual([]);
    const wrong = violations(walk, ({ path }, target) => {
      // A lock that imports nothing: callers and cache have keys of their own for it.
      if (!target.startsWith('lambda/gateway/') || target === 'lambda/gateway/sealed.ts') return undefined;
      return placeOf(target) <= placeOf(path) ? undefined : `the order is ${order.join(', ')}, gateway.ts`;
    });
    expect(wrong).toEqual([]);
  });

  test('environment.ts imports nothing at all: the stacks and the bundle share it', () => {
    expect(modules.find(({ path }) => path === 'lambda/environment.ts')?.imports).toEqual([]);
  });

  test('http and gateway know the stores by their interfaces alone: modules without code', () => {
    const wrong = violations([...inRoom('lambda/http'), ...inRoom('lambda/gateway')], (_, target) => {
      if (!target.startsWith('lambda/stores/')) return undefined;
      const code = runtimeCode(modules.find(({ path }) => path === target)?.text ?? '');
      return code === '' ? undefined : 'it is no interface, it has code';
    });
    expect(wrong).toEqual([]);
  });

  test('a provider imports its own folder and what all share, never another provider', () => {
    const wrong = violations(inRoom('lambda/providers'), ({ path }, target) => {
      const [own, other] = [path, target].map((each) => /^lambda\/providers\/([^/]+)\//.exec(each)?.[1]);
      if (own === undefined || other === undefined || own === other) return undefined;
      return `${own} and ${other} are two providers`;
    });
    expect(wrong).toEqual([]);
  });

  test('lib/ shares environment.ts and config.ts with the gateway and nothing else', () => {
    const shared = ['lambda/environment.ts', 'lambda/config.ts'];
    const wrong = violations(inRoom('lib'), (_, target) =>
      target.startsWith('lib/') || shared.includes(target)
        ? undefined
        : `lib/ may import ${shared.join(' and ')}`,
    );
    expect(wrong).toEqual([]);
  });

  test('local/ and cli/ stand on the gateway, not on the stacks; nothing stands on bin/', () => {
    const wrong = violations(modules, ({ path }, target) => {
      const [from, to] = [roomOf(path), roomOf(target)];
      if (to === 'bin' || target.startsWith('test/')) return `nothing imports ${target.split('/')[0]}/`;
      if (to === 'lib' && from !== 'lib' && from !== 'bin') return 'only bin/ imports the stacks';
      return to === 'cli' && from === 'local' ? 'local/ does not know the CLI' : undefined;
    });
    expect(wrong).toEqual([]);
  });

  test('and never in a circle', () => {
    expect(cycleIn(modules)).toBeUndefined();
  });

  test('packages that run are dependencies, not development’s', () => {
    const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    const packageOf = (specifier: string) =>
      specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
    const missing = modules.flatMap(({ path, imports }) =>
      imports
        .filter(({ specifier, typeOnly }) => !typeOnly && !/^(\.|node:)/.test(specifier))
        .filter(({ specifier }) => dependencies[packageOf(specifier)] === undefined)
        .map(({ specifier }) => `${path} imports ${specifier}`),
    );
    expect(missing).toEqual([]);
  });
});

describe('what stands in one place', () => {
  test('process.env is read in lambda/config.ts', () => {
    const readers = modules.filter(({ text }) => {
      const code = runtimeCode(text);
      return /\bprocess\s*(\?\.|\.)\s*env\b|\bprocess\s*\[|\benv\b[^;]*\bfrom\s*["'](node:)?process["']/.test(
        code,
      );
    });
    expect(readers.map(({ path }) => path)).toEqual(['lambda/config.ts']);
  });

  test('the AWS SDK is the stores’', () => {
    // Tables and their TTL, which are AWS's there, a local run makes itself; the CLI asks CloudFormation for a stack's names.
    const others = ['local/dynamodb.ts', 'local/expiry.ts', 'cli/target.ts'];
    // Its types may be imported anywhere: they are gone at run time.
    const users = modules.filter(({ imports }) =>
      imports.some(({ specifier, typeOnly }) => !typeOnly && specifier.startsWith('@aws-sdk/')),
    );
    const wrong = users.map(({ path }) => path).filter((path) => !path.startsWith('lambda/stores/'));
    expect(wrong.filter((path) => !others.includes(path))).toEqual([]);
  });

  test('providers are named in lambda/providers/ and in the route table', () => {
    const names = new Set([...VENDORS, ...NATIVE_VENDORS].map(({ name }) => name));
    /** The same word for something else: OpenAI's format. */
    const others: Readonly<Record<string, readonly string[]>> = {
      'lambda/gateway/routing/candidates.ts': ['openai'],
      'lambda/gateway/request/caller-options.ts': ['openai'],
      'lambda/config-schema.ts': ['openai'],
    };
    const wrong = inRoom('lambda')
      .filter(({ path }) => !path.startsWith('lambda/providers/'))
      .flatMap(({ path, text }) =>
        [...runtimeCode(text).matchAll(/(["'`])([\w-]+)\1/g)]
          .map(([, , literal = '']) => literal)
          .filter((literal) => names.has(literal) && !others[path]?.includes(literal))
          .map((literal) => `${path} names ${literal}`),
      );
    expect(wrong).toEqual([]);
  });

  test('every provider’s folder has the same files', () => {
    const shared = [
      'auth.ts',
      'error.ts',
      'index.ts',
      'request.ts',
      'response.ts',
      'stream.ts',
      'wire.ts',
      'embeddings.ts',
    ];
    const folders = readdirSync(join(ROOT, 'lambda/providers'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
    expect(folders).toContain('openai-compatible');
    const missing = folders.flatMap((folder) =>
      shared
        .map((file) => `lambda/providers/${folder}/${file}`)
        .filter((file) => !existsSync(join(ROOT, file))),
    );
    expect(missing).toEqual([]);
  });
});

describe('files', () => {
  test('have at most 250 lines', () => {
    const long = modules
      .map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }))
      .filter(({ lines }) => lines > 250)
      .map(({ path, lines }) => `${path} has ${lines} lines`);
    expect(long).toEqual([]);
  });

  test('and folders say what they hold: no utils, helpers, common, services or manager', () => {
    const vague = /^(utils?|helpers?|common|services?|managers?)$/;
    const wrong = [...ROOMS, 'test', 'bench', 'scripts'].flatMap(pathsBelow).filter((path) => {
      // Secrets Manager is the name of an AWS service.
      const words = path.replaceAll('secrets-manager', '').split(/[/_.-]/);
      return words.some((word) => vague.test(word));
    });
    expect(wrong).toEqual([]);
  });
});
