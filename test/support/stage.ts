import type { ServerResponse } from 'node:http';
import { type Answer, type FakeUpstream, SSE, startUpstream } from './fake-upstream.ts';
import { startGateway, type TestGateway, type TestGatewayOptions } from './local-gateway.ts';

export const UPSTREAM_KEY = 'upstream-key-of-nobody';

/** A chat request that says nothing in particular. */
export const CHAT = { model: 'gpt-test', messages: [{ role: 'user', content: 'Hello' }] };

/** A local gateway before one fake OpenAI, whose answer each test sets. */
export interface Stage {
  readonly gateway: TestGateway;
  readonly upstream: FakeUpstream;
  answer: Answer;
  /** Sees the parts of request bodies as the upstream gets them. */
  onPart: (part: Buffer) => void;
  chat(more?: object, init?: RequestInit): Promise<Response>;
  stop(): Promise<void>;
}

export async function startStage(options: TestGatewayOptions = {}): Promise<Stage> {
  const upstream = await startUpstream(
    (...call) => stage.answer(...call),
    (part) => stage.onPart(part),
  );
  const gateway = await startGateway({
    ...options,
    environment: {
      OPENAI_API_KEY: UPSTREAM_KEY,
      OPENAI_BASE_URL: `${upstream.origin}/v1`,
      ...options.environment,
    },
  });
  const stage: Stage = {
    gateway,
    upstream,
    answer: () => {
      throw new Error('the test set no answer');
    },
    onPart: () => undefined,
    chat: (more, init) => gateway.post('/chat/completions', { ...CHAT, ...more }, init),
    async stop() {
      await gateway.stop();
      await upstream.close();
    },
  };
  return stage;
}

/** Answers with these bytes as a stream of events. */
export function streaming(text: string | Uint8Array, headers: Record<string, string> = {}): Answer {
  return (_request, response) => {
    response.writeHead(200, { ...SSE, ...headers }).end(text);
  };
}

/** Writes and resolves when the bytes have left this process, so that the next write is a piece of its own. */
export function write(response: ServerResponse, bytes: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    response.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}

/** Headers as they are, and nothing of the body yet. */
export function writeHead(
  response: ServerResponse,
  headers: Record<string, string> = SSE,
  status = 200,
): void {
  response.writeHead(status, headers);
  response.flushHeaders();
}

/** A signal that a test gives once. */
export function signal(): { readonly given: Promise<void>; give(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { given: promise, give: () => resolve() };
}

/** A body's chunks as text, one at a time. */
export class TextReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  text = '';

  constructor(response: Response) {
    if (response.body === null) throw new Error('the response has no body');
    this.#reader = response.body.getReader();
  }

  /** Reads until `wanted` has come, and returns all text so far. Fails where the body ends before. */
  async until(wanted: string): Promise<string> {
    while (!this.text.includes(wanted)) {
      const { done, value } = await this.#reader.read();
      if (done) throw new Error(`the body ended without ${JSON.stringify(wanted)}`);
      this.text += this.#decoder.decode(value, { stream: true });
    }
    return this.text;
  }

  async rest(): Promise<string> {
    for (;;) {
      const { done, value } = await this.#reader.read();
      if (done) return this.text;
      this.text += this.#decoder.decode(value, { stream: true });
    }
  }

  cancel(): Promise<void> {
    return this.#reader.cancel();
  }
}

/** An error as a caller gets it: `{"error": …}`, and nothing beside. */
export interface CallerError {
  readonly message: string;
  readonly type: string;
  readonly param: string | null;
  readonly code: string | null;
}

/** The error of a JSON answer; fails where it is not of OpenAI's shape. */
export async function errorOf(response: Response): Promise<CallerError> {
  if (!/^application\/json/.test(response.headers.get('content-type') ?? '')) throw new Error('no JSON');
  return checkedError(await response.text());
}

/** A stream that failed: what came before the error frame, and the error. Fails where no such frame is the last. */
export function brokenStream(text: string): { before: string; error: CallerError } {
  const at = text.lastIndexOf('data: {"error":');
  if (at === -1 || !text.endsWith('\n\n')) throw new Error(`no error frame ends ${JSON.stringify(text)}`);
  return { before: text.slice(0, at), error: checkedError(text.slice(at + 'data: '.length)) };
}

function checkedError(text: string): CallerError {
  const { error, ...rest } = JSON.parse(text) as { error: CallerError };
  const fields = Object.keys({ ...error }).sort();
  const whole = Object.keys(rest).length === 0 && fields.join() === 'code,message,param,type';
  if (!whole || typeof error.message !== 'string') throw new Error(`another shape of error: ${text}`);
  return error;
}
