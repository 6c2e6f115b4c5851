import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FUNCTION, REGION } from './lambda-function.ts';
import type { RuntimeError } from './lambda-response.ts';

const API = '/2018-06-01/runtime';

/** What a runtime needs to find in its environment: the real client refuses to run without most of these. */
const RUNTIME_ENVIRONMENT = {
  AWS_DEFAULT_REGION: REGION,
  AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: FUNCTION.memoryMb,
  AWS_LAMBDA_FUNCTION_NAME: FUNCTION.name,
  AWS_LAMBDA_FUNCTION_VERSION: FUNCTION.version,
  AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
  AWS_LAMBDA_LOG_GROUP_NAME: FUNCTION.logGroup,
  AWS_LAMBDA_LOG_STREAM_NAME: FUNCTION.logStream,
  AWS_REGION: REGION,
  TZ: ':UTC',
};

export interface WorkerOptions {
  readonly node: string;
  /** The runtime client's entry. */
  readonly client: string;
  readonly taskRoot: string;
  readonly handler: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly remainingMs: number;
  readonly log: (text: string) => void;
}

/** How an invocation ended: known once the runtime asks for the next one or is gone. */
export interface Ending {
  readonly state: 'done' | 'error' | 'exit' | 'timeout';
  readonly error?: RuntimeError;
}

interface Running {
  readonly requestId: string;
  readonly onResponse: (post: IncomingMessage) => void;
  readonly end: (ending: Ending) => void;
  answered?: boolean;
  error?: RuntimeError;
  timedOut?: boolean;
}

/**
 * One execution environment: the function's process and a Runtime API of its own, so that a process that dies
 * belongs to exactly one request. https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
export class LambdaWorker {
  readonly #options: WorkerOptions;
  // Node's defaults would cut a long poll, an idle connection and a stream of over five minutes.
  readonly #server: Server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) =>
    this.#serve(request, response),
  );
  #child: ChildProcess | undefined;
  #exited: Promise<unknown> = Promise.resolve();
  #polling: ServerResponse | undefined;
  #running: Running | undefined;
  #initError: RuntimeError | undefined;
  #wake: () => void = () => undefined;
  #stopped = false;

  constructor(options: WorkerOptions) {
    this.#options = options;
  }

  async listen(): Promise<void> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
  }

  /**
   * A cold start where no process runs: resolves when the runtime asks for an invocation. Rejects where the
   * function's module can't be loaded; the next call starts anew, as Lambda does.
   */
  async start(): Promise<void> {
    if (this.#stopped) throw new Error('The emulator was stopped.');
    if (this.#child === undefined) this.#spawn();
    while (this.#polling === undefined) {
      if (this.#child === undefined) {
        const { errorType = 'Runtime.ExitError', errorMessage = 'the process exited' } =
          this.#initError ?? {};
        throw new Error(`The function could not be started: ${errorType}: ${errorMessage}`);
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** One invocation, at most one at a time. `onResponse` gets the runtime's POST as it begins, where it sends one. */
  async invoke(
    requestId: string,
    event: Buffer,
    onResponse: (post: IncomingMessage) => void,
  ): Promise<Ending> {
    try {
      await this.start();
    } catch (error) {
      return {
        state: 'exit',
        error: failure('Runtime.ExitError', error instanceof Error ? error.message : ''),
      };
    }
    const { promise, resolve } = Promise.withResolvers<Ending>();
    const running: Running = { requestId, onResponse, end: resolve };
    this.#running = running;
    const timer = setTimeout(() => {
      running.timedOut = true;
      this.#child?.kill('SIGKILL');
    }, this.#options.remainingMs);
    this.#polling?.writeHead(200, {
      'content-type': 'application/json',
      'content-length': event.length,
      'lambda-runtime-aws-request-id': requestId,
      'lambda-runtime-deadline-ms': Date.now() + this.#options.remainingMs,
      'lambda-runtime-invoked-function-arn': FUNCTION.arn,
      'lambda-runtime-trace-id': 'Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0',
    });
    this.#polling?.end(event);
    this.#polling = undefined;
    return promise.finally(() => clearTimeout(timer));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#child?.kill('SIGKILL');
    await this.#exited;
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #spawn(): void {
    const { node, client, taskRoot, handler, environment, log } = this.#options;
    const { port } = this.#server.address() as AddressInfo;
    this.#initError = undefined;
    const child = spawn(node, [client], {
      cwd: taskRoot,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...RUNTIME_ENVIRONMENT,
        ...environment,
        AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}`,
        LAMBDA_TASK_ROOT: taskRoot,
        _HANDLER: handler,
      },
    });
    this.#child = child;
    child.stdout.setEncoding('utf8').on('data', log);
    child.stderr.setEncoding('utf8').on('data', log);
    child.on('error', (error) => log(`${error.message}\n`));
    this.#exited = new Promise((resolve) => {
      // 'close' comes after the last of its output and, unlike 'exit', also where it could not be started.
      child.on('close', (code, signal) => {
        this.#onExit(code, signal);
        resolve(undefined);
      });
    });
  }

  #onExit(code: number | null, signal: NodeJS.Signals | null): void {
    this.#child = undefined;
    this.#polling = undefined;
    const seconds = (this.#options.remainingMs / 1000).toFixed(2);
    this.#settle(
      this.#running?.timedOut
        ? { state: 'timeout', error: failure('Sandbox.Timedout', `Task timed out after ${seconds} seconds`) }
        : {
            state: 'exit',
            error: failure('Runtime.ExitError', `Runtime exited with ${signal ?? `status ${code}`}`),
          },
    );
    this.#wake();
  }

  /**
   * Over when the runtime has answered and asks for the next invocation. It may ask first: aws-lambda-ric 4 does not
   * wait for its own POST where the handler threw at once.
   */
  #settleAnswered(): void {
    if (this.#polling === undefined || this.#running?.answered !== true) return;
    const { error } = this.#running;
    this.#settle(error === undefined ? { state: 'done' } : { state: 'error', error });
  }

  #settle(ending: Ending): void {
    this.#running?.end(ending);
    this.#running = undefined;
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '';
    if (path === `${API}/invocation/next`) {
      this.#polling = response;
      this.#settleAnswered();
      this.#wake();
    } else if (path === `${API}/init/error`) {
      void this.#report(request, response, (error) => {
        this.#initError = error;
      });
    } else if (path === `${API}/invocation/${this.#running?.requestId}/error`) {
      void this.#report(request, response, (error) => {
        if (this.#running !== undefined) Object.assign(this.#running, { error, answered: true });
        this.#settleAnswered();
      });
    } else if (path === `${API}/invocation/${this.#running?.requestId}/response`) {
      request.on('end', () => accept(response));
      this.#running?.onResponse(request);
      if (this.#running !== undefined) this.#running.answered = true;
      this.#settleAnswered();
    } else {
      response.writeHead(404).end();
    }
  }

  async #report(request: IncomingMessage, response: ServerResponse, take: (error: RuntimeError) => void) {
    const text = Buffer.concat(await request.toArray()).toString();
    take(JSON.parse(text) as RuntimeError);
    accept(response);
  }
}

function accept(response: ServerResponse): void {
  response.writeHead(202, { 'content-type': 'application/json' }).end('{"status":"OK"}\n');
}

function failure(errorType: string, errorMessage: string): RuntimeError {
  return { errorType, errorMessage };
}
