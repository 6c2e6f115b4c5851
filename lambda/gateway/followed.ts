import { GatewayError } from '../errors.ts';
import type { Outcome } from './answer-stream.ts';
import type { Answer } from './attempts.ts';
import type { End, Follower } from './follower.ts';

/** Several followers as one. */
export class Followers implements Follower {
  readonly #followers: Follower[] = [];
  #failure: unknown;

  get none(): boolean {
    return this.#followers.length === 0;
  }

  get wantsBody(): boolean {
    return this.#followers.some(({ wantsBody }) => wantsBody);
  }

  add(follower: Follower | undefined): void {
    if (follower) this.#followers.push(follower);
  }

  settled(answer: Answer, outcome: Outcome): void {
    this.#failure ??= outcome.failure;
    for (const follower of this.#followers) follower.settled(answer, outcome);
  }

  began(): void {
    for (const follower of this.#followers) follower.began();
  }

  ended(end: End): void {
    // An error in the middle of a stream was told by its outcome: the bytes end as if nothing had happened.
    const failure = end.failure ?? this.#failure;
    const told = failure === undefined ? end : { ...end, failure };
    for (const follower of this.#followers) follower.ended(told);
  }
}

/** What is known of an answer when it begins. */
export type Answered = Pick<End, 'status' | 'cached'>;

type Body = Uint8Array | ReadableStream<Uint8Array> | null;

/** `body` on its way to the caller, its followers told when it begins and ends. */
export function followedBody<Of extends Body>(body: Of, how: Answered, followers: Followers): Of {
  if (followers.none) return body;
  if (!(body instanceof ReadableStream)) {
    followers.began();
    const whole = followers.wantsBody && body !== null ? { body: Buffer.from(body) } : {};
    followers.ended({ ...how, ...whole });
    return body;
  }
  return followedStream(body, how, followers) as Of;
}

function followedStream(
  body: ReadableStream<Uint8Array>,
  how: Answered,
  followers: Followers,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  const kept: Uint8Array[] = [];
  let begun = false;
  let over = false;
  const end = (failure?: unknown) => {
    if (over) return;
    over = true;
    const sent = followers.wantsBody ? { body: Buffer.concat(kept) } : {};
    followers.ended({ ...how, ...sent, ...(failure === undefined ? {} : { failure }) });
  };
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (done) {
            controller.close();
            end();
            return;
          }
          if (!begun) followers.began();
          begun = true;
          if (followers.wantsBody) kept.push(value);
          controller.enqueue(value);
        } catch (failure) {
          controller.error(failure);
          end(failure);
        }
      },
      async cancel(reason) {
        await reader.cancel(reason).catch(() => undefined);
        end();
      },
    },
    { highWaterMark: 0 },
  );
}

/** The status that a failure before the first byte is answered with. */
export function statusOf(failure: unknown): number {
  return failure instanceof GatewayError ? failure.status : 500;
}
