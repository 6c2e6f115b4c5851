export const QUOTE = 0x22;
export const BRACE = 0x7b;

/**
 * Where `bytes` hold `field`, its quotes included, followed by a value that begins with `first`; -1 where they do not. For JSON
 * that is not to be parsed: in a JSON string the quotes are escaped, so a text that speaks of the field is none.
 */
export function fieldAt(bytes: Buffer, field: Buffer, first: number): number {
  for (let at = bytes.indexOf(field); at !== -1; at = bytes.indexOf(field, at + field.length)) {
    let next = at + field.length;
    while (bytes[next] === 0x20 || bytes[next] === 0x3a) next++;
    // Some vendors write `"finish_reason":""` in every chunk: an empty text is no value.
    if (bytes[next] === first && !(first === QUOTE && bytes[next + 1] === QUOTE)) return at;
  }
  return -1;
}
