/** A source that gives its next chunk when it is asked, and counts how often it was. */
export class PulledSource {
  pulls = 0;
  cancelled: unknown;
  /** What the source waits for before its next chunk. */
  held: Promise<void> | undefined;
  readonly stream: ReadableStream<Uint8Array>;

  constructor(chunks: readonly (Uint8Array | Error)[]) {
    const left = [...chunks];
    this.stream = new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          this.pulls++;
          await this.held;
          const chunk = left.shift();
          if (chunk instanceof Error) controller.error(chunk);
          else if (chunk) controller.enqueue(chunk);
          else controller.close();
        },
        cancel: (reason) => {
          this.cancelled = reason;
        },
      },
      { highWaterMark: 0 },
    );
  }
}
