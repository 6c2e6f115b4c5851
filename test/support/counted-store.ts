import { Agent, request as send } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { type FakeUpstream, type Received, startUpstream } from './fake-upstream.ts';

/** One process's way to the DynamoDB that several share: what it asks is counted. */
export interface CountedStore {
  readonly origin: string;
  /** How often the process has asked for this operation: `Query`, `PutItem`. */
  asked(operation: string): number;
  /** Resolves when it has asked `count` times more than now. */
  next(operation: string, count?: number): Promise<void>;
  close(): Promise<void>;
}

export async function startCountedStore(endpoint: string): Promise<CountedStore> {
  const agent = new Agent({ keepAlive: true });
  const waiting = new Set<() => void>();
  const upstream: FakeUpstream = await startUpstream((request, response) => {
    for (const look of waiting) look();
    const { method, headers, body } = request;
    const forwarded = send(endpoint, { agent, method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      // A process that was killed takes no answer.
      pipeline(answer, response).catch(() => undefined);
    });
    forwarded.on('error', () => response.destroy());
    forwarded.end(body);
  });
  const asked = (operation: string) =>
    upstream.received.filter((request) => operationOf(request) === operation).length;
  return {
    origin: upstream.origin,
    asked,
    next(operation, count = 1) {
      const wanted = asked(operation) + count;
      return new Promise((resolve) => {
        const look = () => {
          if (asked(operation) < wanted) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
      });
    },
    async close() {
      await upstream.close();
      agent.destroy();
    },
  };
}

function operationOf({ headers }: Received): string {
  return String(headers['x-amz-target']).replace('DynamoDB_20120810.', '');
}
