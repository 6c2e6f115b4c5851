import { hashKey } from '../../lambda/gateway/callers/bearer.ts';
import { countersOf } from '../../lambda/gateway/limits/counters.ts';
import { eventually } from './cache-calls.ts';
import { type Answer, chatStream, chunk, SSE } from './fake-upstream.ts';
import { type Stage, signal, write } from './stage.ts';
import { watched } from './watched.ts';

/** Limits that nobody meets: the calls of a key that has them are counted. */
export const RIGHTS = { rpm: 100_000, tpm: 100_000_000 };

/** Answers when it is allowed to. */
export function held(answer: Answer): { answer: Answer; asked: Promise<void>; let(): void } {
  const [asked, open] = [signal(), signal()];
  return {
    answer: async (...call) => {
      asked.give();
      await open.given;
      return answer(...call);
    },
    asked: asked.given,
    let: open.give,
  };
}

/** The requests that the gateway has counted for a key: those that are in it. */
export async function inside({ gateway }: Stage, key: string, many: number): Promise<void> {
  const [minute] = countersOf({ subject: `key#${hashKey(key).slice(0, 16)}`, ...RIGHTS }, Date.now());
  const read = async () => (await gateway.stores.usage.read(minute?.counter.id ?? '')).requests;
  await eventually(read, (requests) => requests >= many);
}

/** An answer, read to its end. */
export async function answered(call: Promise<Response>) {
  const { status, headers } = await call;
  const text = await (await call).text();
  return { status, cached: headers.get('x-bt-cached'), age: headers.get('age'), headers, text };
}

/** A stream whose first words come at once, and the rest when it is allowed to. */
export function halves() {
  const open = signal();
  const first = chunk({ role: 'assistant', content: 'first ' });
  const rest = chatStream(['second']);
  const answer: Answer = async (_, response) => {
    response.writeHead(200, SSE);
    await write(response, first);
    await open.given;
    response.end(rest);
  };
  return { ...watched(answer), let: open.give, text: first + rest };
}
