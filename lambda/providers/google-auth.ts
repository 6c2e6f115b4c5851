import { createHash, createPrivateKey, sign } from 'node:crypto';
import { KeyUnavailable, Upstream } from '../errors.ts';
import type { ProviderKey, UpstreamRequest } from './provider.ts';

const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';
const TOKEN_URI = 'https://oauth2.googleapis.com/token';
const JWT_SECONDS = 3600;
const EARLY_SECONDS = 60;
const EXCHANGE_MS = 10_000;
/** Callers may bring keys of their own, so the tokens kept are counted. */
const MOST_TOKENS = 200;

/** What Google's credential files hold, as far as it is used. https://google.aip.dev/auth/4112, https://google.aip.dev/auth/4113 */
interface Credentials {
  type?: unknown;
  project_id?: unknown;
  quota_project_id?: unknown;
  token_uri?: unknown;
  client_email?: unknown;
  private_key?: unknown;
  private_key_id?: unknown;
  client_id?: unknown;
  client_secret?: unknown;
  refresh_token?: unknown;
}

interface Token {
  readonly value: string;
  readonly expiresAt: number;
}

/** By a hash of the credentials: tokens that are good, and exchanges under way, which callers share. */
const tokens = new Map<string, Token | Promise<Token>>();

/**
 * The request with what Google Cloud wants to see: an access token (`accessToken` as it is, or one for the service account or
 * the user in `credentials`), else an API key (`apiKey`, Vertex's express mode). Throws Upstream (`provider_auth`) where Google
 * refuses the credentials, KeyUnavailable where its token server can't be reached. No message holds a secret.
 * https://developers.google.com/identity/protocols/oauth2/service-account
 */
export async function authorizeGoogle(request: UpstreamRequest, key: ProviderKey): Promise<UpstreamRequest> {
  if (key.accessToken !== undefined)
    return withHeaders(request, { authorization: `Bearer ${key.accessToken}` });
  if (key.credentials !== undefined) {
    const credentials = parse(key.credentials);
    const token = await accessToken(key.credentials, credentials);
    const quota = text(credentials.quota_project_id);
    return withHeaders(request, {
      authorization: `Bearer ${token}`,
      ...(quota === undefined ? {} : { 'x-goog-user-project': quota }),
    });
  }
  if (key.apiKey === undefined)
    throw refused('The key has neither credentials nor an accessToken nor an apiKey for Google Cloud.');
  // A caller's own bearer is one string, whichever of the two it is.
  const isToken = key.apiKey.startsWith('ya29.');
  return withHeaders(
    request,
    isToken ? { authorization: `Bearer ${key.apiKey}` } : { 'x-goog-api-key': key.apiKey },
  );
}

/** The project that a service account belongs to, where the key names none. */
export function serviceAccountProject(key: ProviderKey): string | undefined {
  if (key.credentials === undefined) return undefined;
  const { project_id: project, quota_project_id: quota } = parse(key.credentials);
  return text(project) ?? text(quota);
}

function withHeaders(request: UpstreamRequest, headers: Record<string, string>): UpstreamRequest {
  return { ...request, headers: { ...request.headers, ...headers } };
}

async function accessToken(source: string, credentials: Credentials): Promise<string> {
  const id = createHash('sha256').update(source).digest('base64');
  const known = tokens.get(id);
  if (known instanceof Promise) return (await known).value;
  if (known !== undefined && known.expiresAt > Date.now()) return known.value;
  const exchange = exchanged(credentials);
  tokens.set(id, exchange);
  try {
    const token = await exchange;
    remember(id, token);
    return token.value;
  } catch (error) {
    tokens.delete(id);
    throw error;
  }
}

function remember(id: string, token: Token): void {
  tokens.delete(id);
  tokens.set(id, token);
  const oldest = tokens.keys().next().value;
  if (tokens.size > MOST_TOKENS && oldest !== undefined) tokens.delete(oldest);
}

async function exchanged(credentials: Credentials): Promise<Token> {
  const asked = Date.now();
  const response = await post(text(credentials.token_uri) ?? TOKEN_URI, grant(credentials));
  const answer: { access_token?: unknown; expires_in?: unknown; error?: unknown } = await response
    .json()
    .then((json) => (typeof json === 'object' && json !== null ? json : {}))
    .catch(() => ({}));
  if (response.status >= 500 || response.status === 429) throw unreachable(`it answered ${response.status}`);
  if (!response.ok) {
    // The description may quote what was sent, the word for the error is one of a list.
    const word = typeof answer.error === 'string' && /^[a-z_]{1,40}$/.test(answer.error) ? answer.error : '';
    throw refused(`Google refused the credentials (${[response.status, word].filter(Boolean).join(' ')}).`);
  }
  const value = text(answer.access_token);
  if (value === undefined) throw refused('Google answered without an access token.');
  const seconds = Number(answer.expires_in ?? JWT_SECONDS);
  return { value, expiresAt: asked + Math.max(0, seconds - EARLY_SECONDS) * 1000 };
}

async function post(uri: string, form: URLSearchParams): Promise<Response> {
  try {
    const signal = AbortSignal.timeout(EXCHANGE_MS);
    return await fetch(uri, { method: 'POST', body: form, redirect: 'error', signal });
  } catch (cause) {
    throw unreachable(cause instanceof Error ? cause.name : 'no answer');
  }
}

function grant(credentials: Credentials): URLSearchParams {
  const refreshToken = text(credentials.refresh_token);
  if (credentials.type === 'authorized_user' || refreshToken !== undefined) {
    return new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: required(credentials, 'client_id'),
      client_secret: required(credentials, 'client_secret'),
      refresh_token: required(credentials, 'refresh_token'),
    });
  }
  return new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    assertion: assertion(credentials),
  });
}

/** https://developers.google.com/identity/protocols/oauth2/service-account#authorizingrequests */
function assertion(credentials: Credentials): string {
  const keyId = text(credentials.private_key_id);
  const issuedAt = Math.floor(Date.now() / 1000);
  const header = { alg: 'RS256', typ: 'JWT', ...(keyId === undefined ? {} : { kid: keyId }) };
  const claims = {
    iss: required(credentials, 'client_email'),
    scope: SCOPE,
    aud: text(credentials.token_uri) ?? TOKEN_URI,
    iat: issuedAt,
    exp: issuedAt + JWT_SECONDS,
  };
  const signed = `${encoded(header)}.${encoded(claims)}`;
  const pem = required(credentials, 'private_key');
  try {
    return `${signed}.${sign('sha256', Buffer.from(signed), createPrivateKey(pem)).toString('base64url')}`;
  } catch {
    // The cause may quote the key.
    throw refused("The service account's private_key is no PEM key.");
  }
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function parse(json: string): Credentials {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // A syntax error quotes the text, which is a secret.
  }
  throw refused("The key's credentials are not the JSON of a service account or of an authorized user.");
}

function required(credentials: Credentials, field: keyof Credentials): string {
  const value = text(credentials[field]);
  if (value === undefined) throw refused(`The key's credentials have no ${field}.`);
  return value;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function refused(message: string): Upstream {
  return new Upstream(message, { code: 'provider_auth' });
}

function unreachable(why: string): KeyUnavailable {
  return new KeyUnavailable(`Google's token server can't be reached: ${why}.`, { code: 'provider_auth' });
}
