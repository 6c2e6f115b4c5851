import { InvalidRequest } from '../errors.ts';
import type { Json, JsonObject } from '../openai/wire.ts';

/** What becomes of a field of OpenAI's chat request on its way to a vendor. */
export type FieldRule =
  | { readonly rule: 'mapped'; readonly to: string }
  /** Left out and named in `x-sluice-dropped`; `unless` holds values that ask for nothing. */
  | { readonly rule: 'dropped'; readonly why: string; readonly unless?: readonly Json[] }
  /** A 400 with `param`; `unless` holds values that the vendor satisfies anyway. */
  | { readonly rule: 'refused'; readonly why: string; readonly unless?: readonly Json[] }
  /** Not sent and not told: the gateway's own, or of no effect on the answer. */
  | { readonly rule: 'ignored'; readonly why: string };

/** One rule for each field that OpenAI or the gateway knows. A field that has none is the vendor's own. */
export type FieldRules = Readonly<Record<string, FieldRule>>;

/** The rule of `field`, undefined where it is the vendor's own. */
export function ruleOf(field: string, rules: FieldRules): FieldRule | undefined {
  return Object.hasOwn(rules, field) ? rules[field] : undefined;
}

/** Applies the rules that need no conversion: names what is dropped, and throws InvalidRequest for what is refused. */
export function applyRules(body: JsonObject, rules: FieldRules, dropped: Set<string>): void {
  for (const [field, value] of Object.entries(body)) {
    const rule = ruleOf(field, rules);
    if (value === undefined || value === null || (rule?.rule !== 'dropped' && rule?.rule !== 'refused'))
      continue;
    if (rule.unless?.some((neutral) => JSON.stringify(neutral) === JSON.stringify(value))) continue;
    if (rule.rule === 'dropped') dropped.add(field);
    else throw new InvalidRequest(`${field}: ${rule.why}`, { param: field, code: 'unsupported_parameter' });
  }
}

/** The fields that only the vendor knows, to be forwarded; `except` are those that the conversion merges itself. */
export function vendorFields(
  body: JsonObject,
  rules: FieldRules,
  except: ReadonlySet<string> = new Set(),
): JsonObject {
  const own = Object.entries(body).filter(
    ([field, value]) =>
      value !== undefined && value !== null && ruleOf(field, rules) === undefined && !except.has(field),
  );
  return Object.fromEntries(own);
}
