import { join } from 'node:path';
import { type LocalDynamoDB, startDynamoDB } from '../../local/dynamodb.ts';
import { type Exit, UserFolder } from './local-process.ts';

const ENTRY = join(import.meta.dirname, '../../bin/sluice.ts');

/** An operator with a folder of their own, nothing of this machine's AWS configuration, and the CLI. */
export class Operator {
  readonly folder = new UserFolder();
  /** What each command finds in its environment. */
  environment: Record<string, string>;

  constructor(environment: Record<string, string> = {}) {
    this.environment = { HOME: this.folder.path, ...environment };
  }

  /** Runs one command to its end. */
  run(...args: readonly string[]): Promise<Exit> {
    return this.folder.run(this.environment, [ENTRY, ...args]).exit();
  }

  /** Standard output of a command that must succeed. */
  async out(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(...args);
    if (code !== 0) throw new Error(`${args.slice(0, 2).join(' ')} ended with ${code}: ${stderr}`);
    return stdout;
  }

  /** What a command prints with `--json`. */
  async json<Of = unknown>(...args: readonly string[]): Promise<Of> {
    return JSON.parse(await this.out(...args, '--json')) as Of;
  }

  /** Makes a key and gives it back. */
  async key(name: string, ...rights: readonly string[]): Promise<string> {
    return (await this.out('keys', 'create', '--name', name, ...rights)).trim();
  }

  /** The tables of this folder, asked past the CLI: no command runs meanwhile. */
  stores(): Promise<LocalDynamoDB> {
    return startDynamoDB(join(this.folder.path, '.sluice'), false);
  }

  leave(): Promise<void> {
    return this.folder.remove();
  }
}

/** The refusal of a command: its exit code and its one message. Throws where it printed a result or a stack trace. */
export async function refused(exit: Promise<Exit>): Promise<{ code: number | null; message: string }> {
  const { code, stdout, stderr } = await exit;
  if (stdout !== '' || /\n {4}at |^\w*Error:/m.test(stderr))
    throw new Error(`no refusal: ${stdout}${stderr}`);
  return { code, message: stderr.trim() };
}
