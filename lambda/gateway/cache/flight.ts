import { Broadcast } from '../../streams/broadcast.ts';
import type { ModelAnswer } from '../answers/walk.ts';
import type { WholeAnswer } from './cache-entry.ts';

/** An answer without its body. */
export type Landing = Omit<WholeAnswer, 'body'>;

/** What a flight brings: a whole answer, or one that is still coming. */
export type Landed =
  | {
      readonly kind: 'whole';
      readonly answer: WholeAnswer;
      /** It was in the store already: nobody was asked. */
      readonly stored?: true;
    }
  | {
      readonly kind: 'live';
      /** Without its body. */
      readonly head: Landing;
      readonly broadcast: Broadcast;
      /** Why the stream's end is not the answer's, once it has ended. */
      readonly failure: () => unknown;
    };

/** A provider's answer as it leaves, with the usage chunk of a stream, and what is known of it once its body has ended. */
export interface Ran {
  readonly answer: ModelAnswer;
  /** `provider/model` of the route that answered. */
  readonly model: () => string;
  readonly failure: () => unknown;
}

export function landedOf({ answer, failure }: Ran, head: Landing, maxBytes: number): Landed {
  const { body } = answer;
  if (!(body instanceof ReadableStream))
    return { kind: 'whole', answer: { ...head, body: Buffer.from(body) } };
  return { kind: 'live', head, broadcast: new Broadcast(body, maxBytes), failure };
}

/** All of an answer that is still coming. Throws what broke it off: who wants it whole gets no part of it. */
export async function wholeOf({ head, broadcast, failure }: Landed & { kind: 'live' }): Promise<WholeAnswer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of broadcast.read()) chunks.push(chunk);
  const cause = failure();
  if (cause !== undefined) throw cause;
  return { ...head, body: Buffer.concat(chunks) };
}

/** One upstream call that several identical requests wait for. It goes on while one of them is still there. */
export class Flight {
  readonly #landed = Promise.withResolvers<Landed>();
  readonly #gone = new AbortController();
  #aboard = 0;

  constructor() {
    // A flight that nobody waits for may fail.
    this.#landed.promise.catch(() => undefined);
  }

  /** Aborted when every request aboard has left. */
  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  get landed(): Promise<Landed> {
    return this.#landed.promise;
  }

  board(signal: AbortSignal): void {
    this.#aboard++;
    const leave = () => {
      this.#aboard--;
      if (this.#aboard === 0) this.#gone.abort(signal.reason);
    };
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave, { once: true });
  }

  land(landed: Landed): void {
    this.#landed.resolve(landed);
  }

  fail(cause: unknown): void {
    this.#landed.reject(cause);
  }
}
