import { createLog, type Log, type LogFields } from '../../lambda/log.ts';

export interface WatchedLog {
  readonly log: Log;
  /** Level and event of each line. */
  readonly lines: string[];
  readonly fields: LogFields[];
}

/** A log that keeps what it is told. */
export function watchedLog(): WatchedLog {
  const lines: string[] = [];
  const fields: LogFields[] = [];
  const log = createLog((level, event, more) => {
    lines.push(`${level} ${event}`);
    fields.push(more);
  });
  return { log, lines, fields };
}
