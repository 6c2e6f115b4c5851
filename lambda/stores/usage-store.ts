/** What was used, or is to be. Whole numbers; a dollar is 1,000,000,000 of `nanoUsd`. */
export interface Amounts {
  readonly requests: number;
  readonly tokens: number;
  readonly nanoUsd: number;
}

/** One counter: what one subject used in one window of time. */
export interface Counter {
  /** `key#…#minute#29384756`: subject and window, no secret. */
  readonly id: string;
  /** Seconds since the epoch: when nobody asks for it any more. */
  readonly expiresAt: number;
  /** The most that it may come to; absent: without limit. */
  readonly limits: Partial<Amounts>;
}

export interface Reservation {
  readonly granted: boolean;
  /** What the counter says now: with the reservation where it was granted, without it where not. */
  readonly used: Amounts;
}

/** Counters that hold under concurrency. Every method rejects where the store can't be used. */
export interface UsageStore {
  /** Adds `amounts` where every limit still holds with them, in one atomic step; else adds nothing. */
  reserve(counter: Counter, amounts: Amounts): Promise<Reservation>;
  /** Adds `by`, which may be below zero, whatever the limits. */
  adjust(counter: Counter, by: Amounts): Promise<void>;
  /** Zeros where there is no such counter. */
  read(id: string): Promise<Amounts>;
}
