import { createAmazonBedrock } from '@ai-sdk/amazon-bedrock';
import type { JsonObject } from '../../../../lambda/openai/wire.ts';
import { ALWAYS, CASES, type Options } from './oracle-cases.ts';
import { THINKING_CASES } from './oracle-thinking-cases.ts';
import { CLAUDE, encoded } from './support.ts';

/** The body that the AI SDK's Bedrock provider sends for a request; nothing leaves the process. */
async function bodyOfOracle(options: Options, model: string): Promise<JsonObject> {
  let sent: JsonObject | undefined;
  const provider = createAmazonBedrock({
    region: 'us-east-1',
    apiKey: 'not-a-key',
    fetch: async (_url, init) => {
      sent = JSON.parse(String(init?.body)) as JsonObject;
      return new Response('{"message":"The oracle answers nothing."}', { status: 400 });
    },
  });
  await Promise.resolve(provider.languageModel(model).doGenerate(options)).catch(() => undefined);
  if (sent === undefined) throw new Error('The oracle sent nothing.');
  // An empty list of system prompts says the same as none.
  if (Array.isArray(sent.system) && sent.system.length === 0) delete sent.system;
  return sent;
}

describe("what goes to Bedrock is what the AI SDK's provider sends, but for what is listed", () => {
  const runs = [...CASES, ...THINKING_CASES].flatMap(({ models = [CLAUDE], ...rest }) =>
    models.map((model) => ({ ...rest, model })),
  );

  test.each(runs)('$name, to $model', async ({ openai, sdk, model, differs = {} }) => {
    const ours = encoded(openai, model);
    const theirs = await bodyOfOracle(sdk, model);
    const found = differences(ours, theirs).filter((path) => !within(path, Object.keys(ALWAYS)));
    expect(found.filter((path) => !within(path, Object.keys(differs)))).toEqual([]);
    // A listed difference that is none any more is a line to delete.
    expect(Object.keys(differs).filter((listed) => !found.some((path) => within(path, [listed])))).toEqual(
      [],
    );
  });
});

function within(path: string, listed: readonly string[]): boolean {
  return listed.some(
    (start) => path === start || path.startsWith(`${start}.`) || path.startsWith(`${start}[`),
  );
}

/** The paths at which two JSON values differ. */
function differences(a: unknown, b: unknown, path = ''): string[] {
  if (Object.is(a, b)) return [];
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return [path];
  if (Array.isArray(a) !== Array.isArray(b)) return [path];
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].flatMap((name) =>
    differences(
      (a as JsonObject)[name],
      (b as JsonObject)[name],
      Array.isArray(a) ? `${path}[${name}]` : path === '' ? name : `${path}.${name}`,
    ),
  );
}
