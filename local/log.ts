import type { WriteLine } from '../lambda/log.ts';

/** A log line for a person at a terminal: time, event, then what is known of it. */
export const writeReadableLine: WriteLine = (level, event, fields) => {
  const time = new Date().toTimeString().slice(0, 8);
  const known = Object.entries(fields).filter(
    ([name, value]) => value !== undefined && value !== null && name !== 'requestId',
  );
  const mark = level === 'info' ? '' : `${level.toUpperCase()} `;
  enqueue(
    `${time} ${mark}${event} ${known.map(([name, value]) => `${name}=${printable(value)}`).join(' ')}\n`,
  );
};

let pending = '';

/** A write to a terminal or a file blocks the process: the lines of one turn of the event loop go out together. */
function enqueue(line: string): void {
  if (pending === '') setImmediate(flush);
  pending += line;
}

function flush(): void {
  process.stdout.write(pending);
  pending = '';
}

process.on('exit', flush);

/** A value may be a caller's, such as a model's name: it must not forge lines or steer the terminal. */
function printable(value: unknown): string {
  return String(value).replaceAll(/\p{Cc}/gu, '\uFFFD');
}
