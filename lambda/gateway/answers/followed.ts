import { GatewayError } from '../../errors.ts';
import type { Answer } from '../upstream/attempts.ts';
import type { Outcome } from './answer-stream.ts';
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

  get maxBodyBytes(): number {
    return Math.max(0, ...this.#followers.map(({ maxBodyBytes = 0 }) => maxBodyBytes));
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
export type Answered = Pick<End, 'status' | 'cached' | 'contentType'>;

type Body = Uint8Array | ReadableStream<Uint8Array> | null;

/** `body` on its way to the caller, its followers told when it begins and ends. */
export function followedBody<Of extends Body>(body: Of, how: Answered, followers: Followers): Of {
  if (followers.none) return body;
  if (!(body instanceof ReadableStream)) {
    followers.began();
    const whole = followers.wantsBody && body !== null ? kept([body], followers.maxBodyBytes) : {};
    followers.ended({ ...how, bytes: body?.byteLength ?? 0, ...whole });
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
  const parts: Uint8Array[] = [];
  let bytes = 0;
  let begun = false;
  let over = false;
  const end = (failure?: unknown) => {
    if (over) return;
    over = true;
    const sent = followers.wantsBody ? kept(parts, followers.maxBodyBytes, bytes) : {};
    followers.ended({ ...how, bytes, ...sent, ...(failure === undefined ? {} : { failure }) });
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
          bytes += value.byteLength;
          if (followers.wantsBody && bytes <= followers.maxBodyBytes) parts.push(value);
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

/** The beginning of a body, as much of it as may be kept. `total` is what there was. */
function kept(parts: readonly Uint8Array[], most: number, total?: number): Pick<End, 'body' | 'cut'> {
  const body = Buffer.concat(parts).subarray(0, most);
  const all = total ?? parts.reduce((sum, part) => sum + part.byteLength, 0);
  return { body, cut: all > body.byteLength };
}

/** The status that a failure before the first byte is answered with. */
export function statusOf(failure: unknown): number {
  return failure instanceof GatewayError ? failure.status : 500;
}
