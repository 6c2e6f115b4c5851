import type { Target } from './target.ts';
import type { Options } from './values.ts';

/** What a command prints: the result for standard output, a word beside it for standard error. */
export interface Printed {
  readonly out: string;
  readonly hint?: string;
}

export interface CommandContext {
  readonly target: Target;
  readonly options: Options;
  /** What stands behind the command's name. */
  readonly argument: string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** The terminal's columns; undefined where the output is no terminal. */
  readonly width: number | undefined;
}

export interface Command {
  /** How it is called, behind its name. */
  readonly usage: string;
  readonly what: string;
  readonly options: readonly string[];
  /** What the argument is; absent: it takes none. */
  readonly argument?: string;
  run(context: CommandContext): Promise<Printed>;
}
