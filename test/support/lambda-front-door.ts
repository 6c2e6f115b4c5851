import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { APIGatewayProxyEvent, LambdaFunctionURLEvent } from 'aws-lambda';
import { type EventRequest, functionUrlEvent, type RestOptions, restEvent } from './lambda-events.ts';
import { type RuntimeError, relayResponse, type Sent } from './lambda-response.ts';
import type { LambdaWorker } from './lambda-worker.ts';

export interface LambdaOptions extends RestOptions {
  /** Path of the built module, `…/index.js` or `…/index.mjs`; its folder is the function's task root. */
  readonly bundle: string;
  /** `index.handler`: the module's name and its export. */
  readonly handler: string;
  /** The function's environment; nothing of this process's own reaches it. */
  readonly environment: Readonly<Record<string, string>>;
  /** The Node that runs it. */
  readonly node: string;
  /** The function's timeout, as `context.getRemainingTimeInMillis` counts it; the process is killed at its end. */
  readonly remainingMs?: number;
  /** The front door: a function URL, or a REST API's stage. */
  readonly event?: 'function-url' | 'rest';
  /** How many requests run at the same time; further ones wait. */
  readonly workers?: number;
}

/** One invocation. `contentType` and `prelude` are absent where the function sent none. */
export interface InvocationRecord extends Sent {
  readonly requestId: string;
  readonly event: LambdaFunctionURLEvent | APIGatewayProxyEvent;
  /** `running` also after the caller has its answer, until the runtime asks for the next invocation. */
  state: 'running' | 'done' | 'error' | 'exit' | 'timeout';
  error?: RuntimeError;
}

/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: the event as JSON, base64 included. */
const MAX_EVENT_BYTES = 6 * 1024 * 1024;

/** The HTTP server before the workers: a function URL, or a stage of a REST API. */
export class FrontDoor {
  readonly records: InvocationRecord[] = [];
  readonly #options: LambdaOptions;
  readonly #workers: readonly LambdaWorker[];
  readonly #free: LambdaWorker[];
  readonly #waiting: ((worker: LambdaWorker) => void)[] = [];
  readonly #running = new Set<Promise<void>>();
  readonly #server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) => {
    const handled = this.#handle(request, response).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : new Error(String(error)));
    });
    this.#running.add(handled);
    void handled.finally(() => this.#running.delete(handled));
  });

  constructor(options: LambdaOptions, workers: readonly LambdaWorker[]) {
    this.#options = options;
    this.#workers = workers;
    this.#free = [...workers];
  }

  get #stage(): string | undefined {
    return this.#options.event === 'rest' ? (this.#options.stage ?? 'v1') : undefined;
  }

  async listen(): Promise<string> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}${this.#stage === undefined ? '' : `/${this.#stage}`}`;
  }

  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await Promise.all(this.#workers.map((worker) => worker.stop()));
    await this.idle();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = Buffer.concat(await request.toArray());
    const requestId = randomUUID();
    response.setHeader('x-amzn-requestid', requestId);
    const event = this.#event(request, body, requestId);
    if (event === undefined) return answer(response, 403, { message: 'Forbidden' });
    const payload = Buffer.from(JSON.stringify(event));
    if (payload.length > MAX_EVENT_BYTES) {
      const message = `Request must be smaller than ${MAX_EVENT_BYTES} bytes for the InvokeFunction operation`;
      return answer(
        response,
        413,
        this.#stage === undefined ? { Message: message } : { message: 'Request Too Long' },
      );
    }
    const worker = await this.#take();
    try {
      await this.#invoke(worker, { requestId, event, state: 'running', bodyBytes: 0 }, payload, response);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free.push(worker);
      else next(worker);
    }
  }

  async #invoke(worker: LambdaWorker, record: InvocationRecord, payload: Buffer, response: ServerResponse) {
    this.records.push(record);
    let relayed: Promise<RuntimeError | undefined> | undefined;
    const ending = await worker.invoke(record.requestId, payload, (post) => {
      relayed = this.#relay(post, response, record);
    });
    if (relayed === undefined) this.#failed(response);
    const error = (await relayed) ?? ending.error;
    if (error !== undefined) record.error = error;
    record.state = error !== undefined && ending.state === 'done' ? 'error' : ending.state;
  }

  /** The error that the runtime reported after the response's body, where it did. */
  async #relay(post: IncomingMessage, response: ServerResponse, record: InvocationRecord) {
    const { answered, error } = await relayResponse(post, response, record, this.#stage === undefined);
    if (!answered) this.#failed(response);
    return error;
  }

  #event(request: IncomingMessage, body: Buffer, requestId: string): InvocationRecord['event'] | undefined {
    const raw = request.rawHeaders;
    const headers = raw.flatMap((name, i): [string, string][] =>
      i % 2 === 0 ? [[name, raw[i + 1] ?? '']] : [],
    );
    const { method = 'GET', url = '/' } = request;
    const made: EventRequest = { method, target: url, headers, body, requestId };
    if (this.#stage === undefined) return functionUrlEvent(made);
    const [, stage, target = ''] = /^\/([^/?]*)(.*)$/s.exec(url) ?? [];
    if (stage !== this.#stage) return undefined;
    return restEvent({ ...made, target: target.startsWith('/') ? target : `/${target}` }, this.#options);
  }

  /** The runtime reported an error, sent no prelude, or is gone. */
  #failed(response: ServerResponse): void {
    if (this.#stage === undefined) answer(response, 502, 'Internal Server Error');
    else answer(response, 502, { message: 'Internal server error' });
  }

  #take(): LambdaWorker | Promise<LambdaWorker> {
    return this.#free.shift() ?? new Promise((resolve) => this.#waiting.push(resolve));
  }
}

function answer(response: ServerResponse, status: number, body: string | object): void {
  if (typeof body === 'string') response.writeHead(status, { 'content-type': 'text/plain' }).end(body);
  else response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
