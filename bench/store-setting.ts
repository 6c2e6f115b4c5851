/** Where the costs of the stores are taken, and what is asked there. */
import { get } from 'node:http';
import { hashKey } from '../lambda/gateway/callers/bearer.ts';
import type { Core } from './core.ts';
import type { Server } from './servers.ts';

export interface Setting {
  readonly endpoint: string;
  readonly upstream: Server;
  readonly rounds: number;
}

export async function putKey({ stores }: Core, key: string): Promise<void> {
  const hash = hashKey(key);
  await stores.credentials.putKey({ hash, name: hash.slice(0, 8), createdAt: Math.floor(Date.now() / 1000) });
}

let salt = 0;

/** A request that is answered once and then from the cache; each is another one. */
export function cacheable(model: string, stream: boolean): object {
  salt += 1;
  const messages = [{ role: 'user', content: `Question ${salt}: how high is the water today?` }];
  return { model, stream, temperature: 0, messages };
}

export function textOf(port: number, path: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  get({ host: '127.0.0.1', port, path, agent: false }, (answer) => {
    let text = '';
    answer.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
    answer.on('end', () => resolve(text));
  }).on('error', reject);
  return promise;
}
