/** The same numbers for the same seed: what a property fails for can be looked at again. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** A whole number from 0 to below `limit`. */
  below(limit: number): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return ((mixed ^ (mixed >>> 16)) >>> 0) % limit;
  }

  pick<Of>(from: readonly Of[]): Of {
    const found = from[this.below(from.length)];
    if (found === undefined) throw new Error('there is nothing to choose from');
    return found;
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  list<Of>(atMost: number, make: () => Of): Of[] {
    return Array.from({ length: this.below(atMost + 1) }, make);
  }

  shuffled<Of>(items: readonly Of[]): Of[] {
    const rest = [...items];
    return items.flatMap(() => rest.splice(this.below(rest.length), 1));
  }
}
