import { InvalidRequest } from '../errors.ts';
import { type JsonKey, jsonKeys } from './json-keys.ts';

/** `model` by another spelling: some servers read field names without regard to case. */
export function isModelName(key: string): boolean {
  return key.length < 64 && key.trim().toLowerCase() === 'model';
}

/**
 * Throws InvalidRequest (400) where parsers would read different things: a name twice at the top, or the model by two names.
 * What is checked here must be what the provider reads, and it may get the very bytes.
 */
export function refuseAmbiguous(text: string): void {
  const seen = new Set<string>();
  for (const { key, depth } of jsonKeys(text)) {
    if (depth !== 1) continue;
    if (seen.has(key)) {
      throw new InvalidRequest(`The body holds the field ${nameOf(key)} more than once.`, {
        param: nameOf(key),
        code: 'duplicate_field',
      });
    }
    seen.add(key);
    if (key !== 'model' && isModelName(key)) throw ambiguousModel();
  }
}

/** As `refuseAmbiguous`, of the model alone, wherever it stands in the body. */
export function refuseAmbiguousModel(text: string): void {
  const objects = new Set<number>();
  for (const { key, object } of jsonKeys(text).filter((found: JsonKey) => isModelName(found.key))) {
    if (key !== 'model' || objects.has(object)) throw ambiguousModel();
    objects.add(object);
  }
}

/** More levels than any request has. Whoever walks through a value would run out of stack far beyond. */
const MOST_LEVELS = 500;

/** Throws InvalidRequest (400) where a value stands too deep in the body. */
export function refuseDeep(level: number): void {
  if (level <= MOST_LEVELS) return;
  throw new InvalidRequest('The body is nested too deeply.', { code: 'invalid_json' });
}

function ambiguousModel(): InvalidRequest {
  return new InvalidRequest('The body names the model more than once, or by another spelling of "model".', {
    param: 'model',
    code: 'ambiguous_model',
  });
}

/** A field's name may be a prompt that stands in the wrong place. */
function nameOf(key: string): string {
  return /^[\w.-]{1,64}$/.test(key) ? key : 'of some other name';
}
