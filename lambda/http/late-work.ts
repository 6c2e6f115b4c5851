import { failureFields, type Log } from '../log.ts';

/** Work that goes on after the last byte: counters, request logs, cache entries. A failure is logged and reaches nobody. */
export class LateWork {
  readonly #pending = new Set<Promise<void>>();

  add(work: Promise<unknown>, log: Log): void {
    const tracked = work.then(
      () => undefined,
      (error: unknown) => log.error('late work failed', failureFields(error)),
    );
    this.#pending.add(tracked);
    tracked.then(() => this.#pending.delete(tracked));
  }

  /**
   * Resolves when none is left, what was added meanwhile included, or after `limitMs`: what is not done by then is counted in
   * the log and left to itself.
   */
  async done(limitMs: number, log: Log): Promise<void> {
    if (this.#pending.size === 0) return;
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<'over'>((resolve) => {
      timer = setTimeout(() => resolve('over'), Math.max(0, limitMs));
    });
    let state: unknown;
    while (this.#pending.size > 0 && state !== 'over') {
      state = await Promise.race([Promise.all(this.#pending), over]);
    }
    clearTimeout(timer);
    if (this.#pending.size > 0) log.error('late work given up', { count: this.#pending.size });
  }
}
