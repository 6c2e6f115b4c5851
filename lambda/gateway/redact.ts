/**
 * The forms in which vendors' keys are known: their prefixes, AWS access keys, bearers, JWTs. A second line of defence:
 * the keys in use are taken out by value first.
 */
const KEY_FORMS =
  /\b(?:sk|pk|rk|gsk|xai|pplx|csk|fw|hf|nvapi|r8|tgp_v1|dapi|key)[-_][A-Za-z0-9_*.-]{6,}|\bAIza[A-Za-z0-9_*-]{8,}|\b(?:AKIA|ASIA)[A-Z0-9*]{8,}|\beyJ[\w-]+\.[\w-]+(?:\.[\w-]+)?|(?<=\bBearer\s)\S+/g;

/** `text` without anything that is, or looks like, a key. */
export function redact(text: string, secrets: readonly (string | undefined)[] = []): string {
  let clean = text;
  for (const secret of secrets) {
    if (secret !== undefined && secret.length >= 6) clean = clean.replaceAll(secret, '[redacted]');
  }
  return clean.replace(KEY_FORMS, '[redacted]');
}
