import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const LOCAL = join(ROOT, 'bin/local.ts');
/** What starts a local run: Node itself, or the launcher that `npm start` uses. */
export const DIRECT = [LOCAL];
export const LAUNCHED = [join(ROOT, 'scripts/node24.mjs'), LOCAL];
export const LAUNCHER = join(ROOT, 'scripts/node24.mjs');

/** A folder of its own for one user: its `.env`, its gateway.json, its state. */
export class UserFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'sluice-user-'));
  readonly #processes: LocalProcess[] = [];

  write(name: string, content: string): string {
    const file = join(this.path, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    return file;
  }

  /** Runs Node here. The environment holds nothing of the test's own: no key of the developer's can slip in. */
  run(environment: Record<string, string> = {}, args: readonly string[] = DIRECT): LocalProcess {
    const child = spawn(process.execPath, args, {
      cwd: this.path,
      env: { PATH: process.env.PATH, PORT: '0', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const running = new LocalProcess(child);
    this.#processes.push(running);
    return running;
  }

  /** Ends what still runs, then removes the folder. */
  async remove(): Promise<void> {
    await Promise.all(this.#processes.map((running) => running.kill()));
    rmSync(this.path, { recursive: true, force: true });
  }
}

export interface Exit {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class LocalProcess {
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;
  #stdout = '';
  #stderr = '';

  constructor(child: ChildProcess) {
    this.#child = child;
    this.#closed = once(child, 'close');
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
  }

  get stdout(): string {
    return this.#stdout;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** The process's end, its output complete. */
  async exit(): Promise<Exit> {
    await this.#closed;
    return { code: this.#child.exitCode, stdout: this.#stdout, stderr: this.#stderr };
  }

  /** Resolves once stdout holds `text`. Throws where the process ends before. */
  async printed(text: string): Promise<void> {
    while (!this.#stdout.includes(text)) {
      const next = this.#child.stdout && once(this.#child.stdout, 'data').then(() => true);
      const more = await Promise.race([next, this.#closed.then(() => false)]);
      if (!more && !this.#stdout.includes(text)) {
        throw new Error(`the process ended before it printed "${text}": ${this.#stdout}${this.#stderr}`);
      }
    }
  }

  /** The whole banner: its last part is the curl with the request that a newcomer tries first. */
  async started(): Promise<Banner> {
    await this.printed('"Hello"}]}\'\n');
    return new Banner(this.#stdout);
  }

  async stop(): Promise<Exit> {
    this.signal('SIGTERM');
    return this.exit();
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.signal('SIGKILL');
    await this.#closed;
  }
}

/** What a person reads off the banner. */
export class Banner {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** A line's value: `field('providers')`. */
  field(name: string): string {
    return this.#find(new RegExp(`^ *${name} +(.*)$`, 'm'));
  }

  get url(): string {
    return this.field('Sluice');
  }

  get key(): string {
    return this.#find(/^ *key +(sk-sluice-\S+)$/m);
  }

  /** The printed curl, its shell variables put in, as a fetch. */
  curl(variables: Record<string, string> = {}): Promise<Response> {
    const command = this.text.replaceAll(/\$(SLUICE_\w+)/g, (_, name: string) => variables[name] ?? '');
    const url = /curl -N (\S+)/.exec(command)?.[1] ?? '';
    const headers = [...command.matchAll(/-H "([\w-]+): ([^"]+)"/g)].map(
      ([, name = '', value = '']): [string, string] => [name, value],
    );
    return fetch(url, { method: 'POST', headers, body: /-d '(.+)'/.exec(command)?.[1] ?? '' });
  }

  /** A request with `key`. */
  get(path: string, key: string): Promise<Response> {
    return fetch(`${this.url}${path}`, { headers: { authorization: `Bearer ${key}` } });
  }

  post(path: string, key: string, body: object): Promise<Response> {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    return fetch(`${this.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  #find(pattern: RegExp): string {
    const found = pattern.exec(this.text)?.[1];
    if (found === undefined) throw new Error(`the banner has no ${pattern.source}: ${this.text}`);
    return found;
  }
}
