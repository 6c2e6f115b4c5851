import type { ProviderKey } from '../../providers/provider.ts';

/**
 * The forms in which vendors' keys are known: their prefixes, AWS access keys, bearers, JWTs. A second line of defence:
 * the keys in use are taken out by value first.
 */
const KEY_FORMS =
  /\b(?:sk|pk|rk|gsk|xai|pplx|csk|fw|hf|nvapi|r8|tgp_v1|dapi|key)[-_][A-Za-z0-9_*.-]{6,}|\bAIza[A-Za-z0-9_*-]{8,}|\b(?:AKIA|ASIA)[A-Z0-9*]{8,}|\beyJ[\w-]{1,512}\.[\w-]+(?:\.[\w-]+)?|(?<=\bBearer\s)\S+/g;

/** Settings beside a key that are no secrets; a short value would take ordinary words out of a text. */
const OPEN_SETTINGS = new Set(['baseUrl', 'apiVersion', 'region', 'project', 'location', 'accountId', 'api']);
const SHORTEST_SECRET = 6;

export function secretsOf(key: ProviderKey): string[] {
  return Object.entries(key).flatMap(([name, value]) =>
    value === undefined || value.length < SHORTEST_SECRET || OPEN_SETTINGS.has(name) ? [] : [value],
  );
}

export function withoutSecrets(text: string, secrets: readonly (string | undefined)[]): string {
  return secrets.reduce<string>(
    (clean, secret) =>
      secret !== undefined && secret.length >= SHORTEST_SECRET
        ? clean.replaceAll(secret, '[redacted]')
        : clean,
    text,
  );
}

/** `text` without anything that is, or looks like, a key. */
export function redact(text: string, secrets: readonly (string | undefined)[] = []): string {
  return withoutSecrets(text, secrets).replace(KEY_FORMS, '[redacted]');
}
