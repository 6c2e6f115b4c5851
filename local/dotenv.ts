import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { ConfigError, type Environment } from '../lambda/config.ts';

/** The variables of a `.env` file; none where there is no such file. Throws ConfigError that names line and field. */
export function readDotEnv(path: string): Environment {
  let text: string;
  try {
    // A byte order mark would become part of the first name.
    text = readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new ConfigError(`${path} can not be read.`);
  }
  checkLines(text, path);
  return parseEnv(text);
}

/** `parseEnv` passes over what it does not understand; a key that is lost in a typing error should not be silent. */
function checkLines(text: string, path: string): void {
  let quote: string | undefined;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (quote !== undefined) {
      if (line.includes(quote)) quote = undefined;
      continue;
    }
    if (/^\s*(#|$)/.test(line)) continue;
    const match = /^\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*=\s*(.*)$/.exec(line);
    if (!match) throw new ConfigError(`${path}, line ${index + 1}: expected NAME=value.`);
    const value = match[2] ?? '';
    const opening = /^["'`]/.exec(value)?.[0];
    if (opening !== undefined && !value.slice(1).includes(opening)) quote = opening;
  }
  if (quote !== undefined)
    throw new ConfigError(`${path}: a value that begins with ${quote} is never closed.`);
}
