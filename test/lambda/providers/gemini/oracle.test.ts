import { createGoogle } from '@ai-sdk/google';
import { describe, expect, test } from '@jest/globals';
import { encoded } from './call.ts';
import type { Options } from './oracle-case.ts';
import { CONVERSATIONS } from './oracle-conversations.ts';
import { SETTINGS } from './oracle-settings.ts';

/**
 * The same request through Vercel's provider, which others keep up with Google's changes: whatever it sends otherwise than we
 * do has a reason here. A difference that is new, or gone, fails.
 */
const CASES = [...CONVERSATIONS, ...SETTINGS];

/** What Vercel's provider would send. */
async function sentByOracle(model: string, options: Options): Promise<unknown> {
  let sent: unknown;
  const google = createGoogle({
    apiKey: 'not-a-key',
    fetch: async (_url, init) => {
      sent = JSON.parse(String(init?.body));
      return Response.json({ candidates: [{ content: { parts: [{ text: '' }] }, finishReason: 'STOP' }] });
    },
  });
  await google(model).doGenerate(options);
  return sent;
}

/** `{a: [{b: 1}]}` → `{'a[0].b': 1}`; empty objects say nothing. */
function leaves(value: unknown, path = ''): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return { [path]: value };
  const inner = Object.entries(value).map(([key, child]) =>
    leaves(child, Array.isArray(value) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`),
  );
  return Object.assign({}, ...inner);
}

describe('Beside Vercel’s provider', () => {
  test.each(CASES.map((one) => [one.name, one] as const))(
    '%s differs only on purpose',
    async (_name, one) => {
      const ours = leaves(encoded(one.ours, one.model).body);
      const theirs = leaves(await sentByOracle(one.model, one.theirs));
      const paths = [...new Set([...Object.keys(ours), ...Object.keys(theirs)])];
      const differing = paths.filter((path) => JSON.stringify(ours[path]) !== JSON.stringify(theirs[path]));
      expect(differing.map((path) => `${path}: ${ours[path]} | ${theirs[path]}`).sort()).toEqual(
        Object.keys(one.differences ?? {})
          .map((path) => `${path}: ${ours[path]} | ${theirs[path]}`)
          .sort(),
      );
    },
  );
});
