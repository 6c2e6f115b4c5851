import type { Call, Route } from '../../providers/provider.ts';
import type { Principal } from '../request/principal.ts';
import type { Answer } from '../upstream/attempts.ts';
import type { Settle } from './outcome-log.ts';
import type { Rendered } from './render.ts';

/** A successful answer on its way out. */
export interface ModelAnswer {
  readonly headers: Record<string, string>;
  readonly body: Uint8Array | ReadableStream<Uint8Array>;
}

/** Asks the routes (all of the request's, or the given ones) for one call. */
export type Ask = (call: Call, routes?: readonly Route[]) => Promise<Answer>;

/** What an operation needs of the walk once its routes are known. */
export interface Walk {
  readonly routes: readonly Route[];
  readonly ask: Ask;
  readonly principal: Principal;
  readonly settle: Settle;
  /** A stream keeps its usage chunk: others than this caller may get it too. */
  readonly full: boolean;
  readonly answered: (answer: Answer, rendered: Rendered) => ModelAnswer;
}
