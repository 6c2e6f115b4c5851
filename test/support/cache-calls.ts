import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { hashKey } from '../../lambda/gateway/callers/bearer.ts';
import { CACHE_TABLE } from '../../local/dynamodb.ts';
import { type Answer, chatStream, completion, SSE, sendJson } from './fake-upstream.ts';
import type { TestGateway } from './local-gateway.ts';

let asked = 0;

/** The fields of a chat that nobody asked before, deterministic, so that `auto` keeps its answer. */
export function fresh(more: object = {}): { temperature: number; messages: object[] } & object {
  return { temperature: 0, messages: [{ role: 'user', content: `Question ${++asked}` }], ...more };
}

export const as = (key: string, more: Record<string, string> = {}) => ({
  headers: { authorization: `Bearer ${key}`, ...more },
});

/** A chat upstream whose answers are all different, in the form that is asked for. */
export function counting(): Answer {
  let calls = 0;
  return (request, response) => {
    const text = `Answer ${++calls}`;
    const { stream, stream_options: options } = JSON.parse(request.body.toString());
    if (stream !== true) sendJson(response, completion(text));
    else response.writeHead(200, SSE).end(chatStream(text.split(/(?= )/), options?.include_usage === true));
  };
}

/** What the gateway says of the cache, and the answer. */
export async function told(
  response: Response | Promise<Response>,
): Promise<{ cached: string; text: string }> {
  const got = await response;
  const text = await got.text();
  if (got.status !== 200) throw new Error(`status ${got.status}`);
  return { cached: got.headers.get('x-bt-cached') ?? 'no header', text };
}

/** An entry as the table has it: its id and the seconds that it lives. */
export interface StoredEntry {
  readonly id: string;
  readonly scope: string;
  readonly lives: number;
}

/** The cache scope of a gateway key. */
export const scopeOf = (key: string) => `key#${hashKey(key)}`;

/** The entries of one key: what another test left may be written at any time. */
export async function storedEntries({ stores }: TestGateway, key: string): Promise<StoredEntry[]> {
  const { Items = [] } = await stores.client.send(new ScanCommand({ TableName: CACHE_TABLE }));
  const entries = Items.filter(({ sk }) => sk?.S === 'entry').map(
    ({ pk, scope, created_at, expires_at }) => ({
      id: pk?.S ?? '',
      scope: scope?.S ?? '',
      lives: Number(expires_at?.N) - Number(created_at?.N),
    }),
  );
  return entries.filter(({ scope }) => scope === scopeOf(key));
}

/** Half a minute and more: on a busy machine what is right may come late. */
const MANY = 5_000;

/** Asks until the answer is right: what is written behind an answer's last byte comes a moment after it. */
export async function eventually<Of>(ask: () => Promise<Of>, right: (got: Of) => boolean): Promise<Of> {
  for (let tries = 0; ; tries++) {
    const got = await ask();
    if (right(got) || tries > MANY) return got;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
