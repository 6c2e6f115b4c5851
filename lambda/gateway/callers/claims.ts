import { isObject } from '../../openai/json.ts';
import { fitsPattern } from './wildcard.ts';

type Claims = Readonly<Record<string, unknown>>;

/**
 * Whether a token's claims are what a rule asks for: each claim that it names must have one of the values it lists. A claim that
 * is a list has each value in it. `*` in a value is `fitsPattern`'s, and `*` alone is any value. No claims: every token fits.
 */
export function fitsClaims(wanted: Readonly<Record<string, readonly string[]>>, claims: Claims): boolean {
  return Object.entries(wanted).every(([name, patterns]) =>
    textsOf(claimAt(claims, name)).some((text) =>
      patterns.some((pattern) => pattern === '*' || fitsPattern(pattern, text)),
    ),
  );
}

/** The claim of this very name (some have dots: `https://example.com/roles`), else the one at this path: `realm_access.roles`. */
function claimAt(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let value: unknown = claims;
  for (const key of name.split('.')) {
    if (!isObject(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}

function textsOf(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).flatMap((item) => {
    if (typeof item === 'string') return [item];
    // Beyond the safe integers several numbers of a token are one number here.
    const exact = typeof item === 'number' && !(Number.isInteger(item) && !Number.isSafeInteger(item));
    return exact || typeof item === 'boolean' ? [JSON.stringify(item)] : [];
  });
}
