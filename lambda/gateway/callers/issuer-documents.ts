import { isObject } from '../../openai/json.ts';

/** More than any issuer's documents have: Azure's keys with their certificates take 20 KB. */
const MOST_BYTES = 256 * 1024;

/** An issuer's document that can't be used. `code` says why, to the log. */
export class IssuerFailure extends Error {
  override name = 'IssuerFailure';
  readonly code: string;
  constructor(code: string, cause?: unknown) {
    super(`the issuer's document can not be used: ${code}`, { cause });
    this.code = code;
  }
}

/**
 * Where an issuer has its keys, as its discovery document says. Rejects with IssuerFailure.
 * https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig
 */
export async function discoverKeysUrl(issuer: string, signal: AbortSignal): Promise<string> {
  const document = await readJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, signal);
  if (!isObject(document) || document.issuer !== issuer) throw new IssuerFailure('another_issuer');
  const url = typeof document.jwks_uri === 'string' ? URL.parse(document.jwks_uri) : null;
  // http only where the operator chose it: back to the issuer on this machine.
  const secure = url?.protocol === 'https:' || url?.origin === new URL(issuer).origin;
  if (url === null || !secure || url.username !== '') throw new IssuerFailure('bad_jwks_uri');
  return url.href;
}

/** The JSON at `url`; redirects are not followed. Rejects with IssuerFailure. */
export async function readJson(url: string, signal: AbortSignal): Promise<unknown> {
  const response = await answer(url, signal);
  try {
    if (response.status !== 200) throw new IssuerFailure(`status_${response.status}`);
    return JSON.parse(Buffer.from(await bytesOf(response)).toString());
  } catch (error) {
    if (error instanceof IssuerFailure) throw error;
    throw new IssuerFailure(error instanceof SyntaxError ? 'not_json' : reasonOf(error), error);
  } finally {
    await response.body?.cancel().catch(() => undefined);
  }
}

async function answer(url: string, signal: AbortSignal): Promise<Response> {
  // A socket kept since before the function was frozen may be dead.
  const headers = { accept: 'application/json, application/jwk-set+json', connection: 'close' };
  try {
    return await fetch(url, { headers, redirect: 'manual', signal });
  } catch (error) {
    throw new IssuerFailure(reasonOf(error), error);
  }
}

async function bytesOf(response: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += part.byteLength;
    if (length > MOST_BYTES) throw new IssuerFailure('too_large');
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function reasonOf(error: unknown): string {
  if (!isObject(error)) return 'broken_off';
  if (error.name === 'TimeoutError') return 'timeout';
  const { code } = isObject(error.cause) ? error.cause : {};
  return typeof code === 'string' ? code : 'broken_off';
}
