/** The processes under measurement: each is started as a child of its own and ends with the bench. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** Obviously no keys of anyone's. */
export const CLIENT_KEY = 'sk-sluice-bench-not-a-real-key-0000000000000000';
const UPSTREAM_KEY = 'sk-bench-not-a-real-key';

const ROOT = join(import.meta.dirname, '..');
const GATEWAY_ENTRY = join(ROOT, 'bin', 'local.ts');

const START_LIMIT_MS = 20_000;
const STOP_LIMIT_MS = 3000;
const POLL_MS = 4;

export interface Server {
  readonly pid: number;
  readonly port: number;
  /** From the spawn to the first 200 of `/health`, ms. */
  readonly startMs: number;
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

async function freePort(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const probe = createServer().once('error', reject);
  probe.listen(0, '127.0.0.1', () => {
    const address = probe.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    probe.close(() => resolve(port));
  });
  return promise;
}

function isHealthy(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path: '/health', agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    request.on('error', () => resolve(false));
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const forced = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
  await ended;
  clearTimeout(forced);
}

/** Also what a part that failed has left running. */
export async function stopAll(): Promise<void> {
  await Promise.all([...running].map(stop));
}

/** What the child gets of the environment: nothing of the user's own keys, proxies or settings. */
function cleanEnvironment(): Record<string, string> {
  const kept = ['PATH', 'SystemRoot', 'TEMP', 'TMP', 'TMPDIR'];
  return Object.fromEntries(kept.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

async function start(
  entry: string,
  environment: Record<string, string>,
  folder: string,
  flags: readonly string[] = [],
): Promise<Server> {
  const port = await freePort();
  mkdirSync(folder, { recursive: true });
  const logFile = join(folder, 'output.log');
  // A file and not a pipe: the bench would pay for reading the log.
  const log = openSync(logFile, 'a');
  const spawned = performance.now();
  const child = spawn(process.execPath, [...flags, entry], {
    cwd: folder,
    env: { ...cleanEnvironment(), ...environment, PORT: String(port) },
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  running.add(child);
  child.once('exit', () => running.delete(child));
  while (!(await isHealthy(port))) {
    const ended = child.exitCode !== null || child.signalCode !== null;
    if (ended || performance.now() - spawned > START_LIMIT_MS) {
      await stop(child);
      const said = readFileSync(logFile, 'utf8').slice(-2000).trim();
      throw new Error(
        `${entry} ${ended ? 'ended' : 'did not get healthy in time'}. It said:\n${said || '(nothing)'}`,
      );
    }
    await pause(POLL_MS);
  }
  return { pid: child.pid ?? 0, port, startMs: performance.now() - spawned, stop: () => stop(child) };
}

/** What `npm start` gives Node before the entry: the gateway is measured as it is run. */
function startFlags(): string[] {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: { start: string };
  };
  return manifest.scripts.start.split(' ').filter((word) => word.startsWith('--'));
}

export function startUpstream(folder: string): Promise<Server> {
  return start(join(import.meta.dirname, 'upstream.ts'), {}, join(folder, 'upstream'));
}

/** Its data is its working folder's. */
export function startTables(folder: string): Promise<Server> {
  return start(join(import.meta.dirname, 'tables.ts'), {}, join(folder, 'tables'));
}

export function startRelay(upstream: Server, folder: string): Promise<Server> {
  const environment = { UPSTREAM_PORT: String(upstream.port) };
  return start(join(import.meta.dirname, 'relay.ts'), environment, join(folder, 'relay'));
}

export function hasGateway(): boolean {
  return existsSync(GATEWAY_ENTRY);
}

let gateways = 0;

/** As `npm start` does it, on a fresh data folder and with no configuration but the mock's address. */
export function startGateway(upstream: Server, folder: string): Promise<Server> {
  gateways += 1;
  const home = join(folder, `gateway-${gateways}`);
  mkdirSync(home, { recursive: true });
  const config = join(home, 'gateway.json');
  writeFileSync(config, '{}\n');
  const environment = {
    OPENAI_BASE_URL: `http://127.0.0.1:${upstream.port}/v1`,
    OPENAI_API_KEY: UPSTREAM_KEY,
    ANTHROPIC_BASE_URL: `http://127.0.0.1:${upstream.port}`,
    ANTHROPIC_API_KEY: UPSTREAM_KEY,
    SLUICE_LOCAL_KEY: CLIENT_KEY,
    SLUICE_DATA: join(home, 'data'),
    SLUICE_CONFIG: config,
  };
  return start(GATEWAY_ENTRY, environment, home, startFlags());
}
