import type { Json, JsonObject } from '../../openai/wire.ts';
import { objectsIn, textOf } from './json.ts';
import type { Part } from './wire.ts';

type PartialArgument = NonNullable<NonNullable<Part['functionCall']>['partialArgs']>[number];

/** A list is filled up to the index that a path names; no model means one this long. */
const LONGEST_LIST = 100_000;

/**
 * Arguments that Vertex streams in pieces, each with its place as a JSON path: `{"jsonPath": "$.items[0].name",
 * "stringValue": "a", "willContinue": true}`.
 * https://docs.cloud.google.com/vertex-ai/generative-ai/docs/multimodal/function-calling#streaming-fc
 */
export class PartialArguments {
  readonly #root: JsonObject = {};

  add(pieces: readonly PartialArgument[]): void {
    for (const piece of objectsIn(pieces)) {
      const path = textOf(piece.jsonPath) ?? '';
      // A path that ends with `[]` ends a list: of an empty one it is all that is said.
      const listEnds = path.endsWith('[]');
      const steps = stepsOf(listEnds ? path.slice(0, -2) : path);
      if (steps !== undefined) set(this.#root, steps, listEnds ? [] : pieceValue(piece), listEnds);
    }
  }

  toString(): string {
    return JSON.stringify(this.#root);
  }
}

function pieceValue(piece: PartialArgument): Json | undefined {
  return (
    piece.stringValue ?? piece.numberValue ?? piece.boolValue ?? ('nullValue' in piece ? null : undefined)
  );
}

/** `$.a['b c'][0]` → `['a', 'b c', 0]`. Undefined where a step can't be taken. */
function stepsOf(path: string): (string | number)[] | undefined {
  const steps: (string | number)[] = [];
  for (const [, name, quoted, index] of path.matchAll(/\.([^.[\]]+)|\[['"](.*?)['"]\]|\[(\d+)\]/g)) {
    const step = index === undefined ? (name ?? quoted ?? '') : Number(index);
    if (step === '__proto__' || (typeof step === 'number' && step >= LONGEST_LIST)) return undefined;
    steps.push(step);
  }
  return steps.length === 0 ? undefined : steps;
}

function set(
  root: JsonObject,
  steps: (string | number)[],
  value: Json | undefined,
  onlyIfAbsent: boolean,
): void {
  let place = root as Record<string | number, Json | undefined>;
  for (const [index, step] of steps.entries()) {
    const known = Object.hasOwn(place, step) ? place[step] : undefined;
    const next = steps[index + 1];
    if (next === undefined) {
      // The pieces of one string come under one path.
      if (typeof known === 'string' && typeof value === 'string') place[step] = known + value;
      else if (value !== undefined && !(onlyIfAbsent && known !== undefined)) place[step] = value;
      return;
    }
    if (typeof known !== 'object' || known === null) place[step] = typeof next === 'number' ? [] : {};
    place = place[step] as Record<string | number, Json | undefined>;
  }
}
