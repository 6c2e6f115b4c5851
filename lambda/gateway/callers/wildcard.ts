/**
 * Whether `text` is what `pattern` says, letter by letter; `*` stands for any text but `/` and `:`, the empty one too. So it
 * never reaches out of the part of an ARN, a path or a subject that it was written for. The work grows with the text's length
 * alone, whatever the pattern: texts come from callers.
 */
export function fitsPattern(pattern: string, text: string): boolean {
  // Split with the separators, which have to be the same ones.
  const wanted = pattern.split(/([/:])/);
  const found = text.split(/([/:])/);
  return (
    wanted.length === found.length &&
    wanted.every((segment, index) => fitsSegment(segment, found[index] ?? ''))
  );
}

function fitsSegment(pattern: string, text: string): boolean {
  const [head = '', ...rest] = pattern.split('*');
  const tail = rest.pop();
  if (tail === undefined) return pattern === text;
  const end = text.length - tail.length;
  let at = head.length;
  if (at > end || !text.startsWith(head) || !text.endsWith(tail)) return false;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    at = found + part.length;
    if (found < 0 || at > end) return false;
  }
  return true;
}
