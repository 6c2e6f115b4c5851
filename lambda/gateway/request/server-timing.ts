/** The stages of one request in milliseconds, as the `server-timing` header tells them. */
export class ServerTiming {
  readonly #started = performance.now();
  readonly #stages: [name: string, ms: number][] = [];

  async measure<T>(stage: string, work: Promise<T>): Promise<T> {
    const start = performance.now();
    try {
      return await work;
    } finally {
      this.add(stage, performance.now() - start);
    }
  }

  add(stage: string, ms: number): void {
    this.#stages.push([stage, ms]);
  }

  totalMs(): number {
    return performance.now() - this.#started;
  }

  /** With `total` only where the answer is complete when its headers are sent. */
  header(withTotal: boolean): string {
    const stages = withTotal ? [...this.#stages, ['total', this.totalMs()] as const] : this.#stages;
    return stages.map(([name, ms]) => `${name};dur=${ms.toFixed(1)}`).join(', ');
  }
}
