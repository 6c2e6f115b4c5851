const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;

/** A name in a JSON text. `depth` is 1 in the outermost object; `object` tells objects apart. */
export interface JsonKey {
  readonly key: string;
  readonly depth: number;
  readonly object: number;
}

/**
 * Every name of a JSON text, also those that a parser overwrites with a later one of the same object. `text` must be valid:
 * that is, parsed before.
 */
export function jsonKeys(text: string): JsonKey[] {
  const keys: JsonKey[] = [];
  const objects: number[] = [];
  let made = 0;
  let depth = 0;
  let start = 0;
  let end = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        start = at;
        end = stringEnd(text, at);
        at = end;
        break;
      case COLON:
        keys.push({ key: JSON.parse(text.slice(start, end + 1)), depth, object: objects.at(-1) ?? 0 });
        break;
      case OPEN:
        objects.push(++made);
        depth++;
        break;
      case CLOSE:
        objects.pop();
        depth--;
        break;
      case OPEN_LIST:
        depth++;
        break;
      case CLOSE_LIST:
        depth--;
        break;
      default:
    }
  }
  return keys;
}

/** The closing quote of the string that begins at `start`: the next one that no odd number of backslashes escapes. */
function stringEnd(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    let slashes = 0;
    while (text.charCodeAt(at - 1 - slashes) === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return at;
  }
  return text.length;
}
