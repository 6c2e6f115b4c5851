import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as the upstream received it. */
export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface FakeUpstream {
  readonly origin: string;
  /** Every request so far, its body complete. */
  readonly received: Received[];
  close(): Promise<void>;
}

export type Answer = (
  request: Received,
  response: ServerResponse,
  message: IncomingMessage,
) => void | Promise<void>;

/**
 * A real HTTP server that answers as the test says, each request once its body is complete; `onPart` sees the body's parts
 * as they come.
 */
export async function startUpstream(
  answer: Answer,
  onPart: (part: Buffer) => void = () => undefined,
): Promise<FakeUpstream> {
  const received: Received[] = [];
  const server = createServer(async (message, response) => {
    const parts: Buffer[] = [];
    try {
      for await (const part of message) {
        parts.push(part);
        onPart(part);
      }
    } catch {
      return;
    }
    const request = {
      method: message.method ?? '',
      url: message.url ?? '',
      headers: message.headers,
      body: Buffer.concat(parts),
    };
    received.push(request);
    await answer(request, response, message);
  });
  // On a busy machine a kept connection may rest for longer than Node's five seconds, and be closed under a request.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function sendJson(
  response: ServerResponse,
  value: unknown,
  status = 200,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
}

export const SSE = { 'content-type': 'text/event-stream; charset=utf-8' };

/** A chat completion as OpenAI answers it. */
export function completion(content: string, more: object = {}): object {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1_700_000_000,
    model: 'gpt-test-2026',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content, refusal: null },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 },
    ...more,
  };
}

export function chunk(delta: object, finish_reason: string | null = null, more: object = {}): string {
  const choices = [{ index: 0, delta, logprobs: null, finish_reason }];
  return `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1_700_000_000, model: 'gpt-test-2026', choices, ...more })}\n\n`;
}

/** The frame that `stream_options.include_usage` adds. */
export const USAGE_FRAME = chunk({}, null, {
  choices: [],
  usage: { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 },
});

/** A whole stream of these words. */
export function chatStream(words: readonly string[], usage = false): string {
  return [
    chunk({ role: 'assistant', content: '' }),
    ...words.map((content) => chunk({ content })),
    chunk({}, 'stop'),
    ...(usage ? [USAGE_FRAME] : []),
    'data: [DONE]\n\n',
  ].join('');
}
