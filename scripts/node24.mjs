#!/usr/bin/env node
/**
 * Runs its arguments with Node 24, which is what Lambda runs: `node scripts/node24.mjs FILE [ARG ...]`.
 * The Node at hand serves where it is new enough; otherwise the binary that npm installed beside the
 * dependencies (an optional package per platform).
 */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';

const WANTED = 24;

function node24() {
  if (Number.parseInt(process.versions.node, 10) >= WANTED) return process.execPath;
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  try {
    const manifest = createRequire(import.meta.url).resolve(`node-${platform}-${process.arch}/package.json`);
    return join(dirname(manifest), 'bin', platform === 'win' ? 'node.exe' : 'node');
  } catch {
    console.error(
      `Sluice runs on Node ${WANTED} and this is Node ${process.versions.node}. No packaged binary is installed ` +
        `for ${platform}-${process.arch}: install Node ${WANTED} from https://nodejs.org, or run npm ci without --omit=optional.`,
    );
    process.exit(1);
  }
}

const child = spawn(node24(), process.argv.slice(2), { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  // A terminal's Ctrl-C reaches the child by itself; a signal sent to this process alone does not.
  process.on(signal, () => (signal === 'SIGINT' && process.stdin.isTTY ? undefined : child.kill(signal)));
}
child.on('error', (error) => {
  console.error(`Could not start Node ${WANTED}: ${error.message}`);
  process.exit(1);
});
child.on('exit', (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : (code ?? 1)));
