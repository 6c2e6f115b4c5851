import type { ServerResponse } from 'node:http';
import {
  chatStream,
  chunk,
  completion,
  type FakeUpstream,
  type Received,
  SSE,
  sendJson,
  startUpstream,
  USAGE_FRAME,
} from './fake-upstream.ts';

/** Every byte there is, so that a text conversion anywhere on the way shows. */
export const BINARY = Buffer.from(Array.from({ length: 1024 }, (_, index) => index % 256));
export const VECTOR = [0.25, -1.5, 3];
export const FILE = {
  id: 'file-1',
  object: 'file',
  bytes: 1024,
  created_at: 1,
  filename: 'bytes.bin',
  purpose: 'batch',
};

const answers: Readonly<Record<string, object>> = {
  'POST /v1/files': FILE,
  'GET /v1/files': { object: 'list', data: [FILE], has_more: false },
  'DELETE /v1/files/file-1': { id: 'file-1', object: 'file', deleted: true },
  'GET /v1/models': {
    object: 'list',
    data: [{ id: 'gpt-test', object: 'model', created: 1_700_000_000, owned_by: 'openai' }],
  },
  'POST /v1/audio/transcriptions': { text: 'spoken words' },
  'POST /v1/images/generations': { created: 1, data: [{ b64_json: BINARY.toString('base64') }] },
};

/** A fake OpenAI with the routes that clients use: chat (with tools), embeddings, files, models, responses, media. */
export function startOpenAIUpstream(): Promise<FakeUpstream> {
  return startUpstream((request, response) => {
    const route = `${request.method} ${new URL(request.url, 'http://upstream').pathname}`;
    if (route === 'POST /v1/chat/completions') answerChat(request, response);
    else if (route === 'POST /v1/embeddings') answerEmbeddings(request, response);
    else if (route === 'POST /v1/responses') answerResponses(request, response);
    else if (route === 'GET /v1/files/file-1/content')
      response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(BINARY);
    else if (answers[route] !== undefined) sendJson(response, answers[route]);
    else sendJson(response, { error: { message: `no such route: ${route}`, type: 'test' } }, 404);
  });
}

export function lastReceived({ received }: FakeUpstream): Received {
  const request = received.at(-1);
  if (request === undefined) throw new Error('the upstream received nothing');
  return request;
}

/** The JSON body of the last request. */
export function lastBody(upstream: FakeUpstream): Record<string, unknown> {
  return jsonOf(lastReceived(upstream));
}

function jsonOf({ body }: Received): Record<string, unknown> {
  return JSON.parse(body.toString('utf8')) as Record<string, unknown>;
}

function answerChat(request: Received, response: ServerResponse): void {
  const { stream, stream_options: options, tools } = jsonOf(request);
  if (!stream) {
    sendJson(response, completion('Hi there'));
    return;
  }
  const usage = (options as { include_usage?: boolean } | undefined)?.include_usage === true;
  response.writeHead(200, SSE).end(tools ? toolStream(usage) : chatStream(['Hi ', 'there'], usage));
}

function toolStream(usage: boolean): string {
  const call = { index: 0, id: 'call_1', type: 'function', function: { name: 'weather', arguments: '' } };
  return [
    chunk({ role: 'assistant', content: null, tool_calls: [call] }),
    chunk({ tool_calls: [{ index: 0, function: { arguments: '{"city":' } }] }),
    chunk({ tool_calls: [{ index: 0, function: { arguments: '"Oslo"}' } }] }),
    chunk({}, 'tool_calls'),
    ...(usage ? [USAGE_FRAME] : []),
    'data: [DONE]\n\n',
  ].join('');
}

/** In base64 only where the request asks for that, as OpenAI does. */
function answerEmbeddings(request: Received, response: ServerResponse): void {
  const { encoding_format: format, input } = jsonOf(request);
  const embedding =
    format === 'base64' ? Buffer.from(new Float32Array(VECTOR).buffer).toString('base64') : VECTOR;
  const inputs = Array.isArray(input) ? input : [input];
  sendJson(response, {
    object: 'list',
    model: 'embedding-test',
    data: inputs.map((_, index) => ({ object: 'embedding', index, embedding })),
    usage: { prompt_tokens: 2, total_tokens: 2 },
  });
}

function answerResponses(request: Received, response: ServerResponse): void {
  const content = [{ type: 'output_text', text: 'Hi there', annotations: [] }];
  const output = [{ id: 'msg_1', type: 'message', role: 'assistant', status: 'completed', content }];
  const answer = { id: 'resp_1', object: 'response', status: 'completed', model: 'gpt-test', output };
  if (!jsonOf(request).stream) {
    sendJson(response, answer);
    return;
  }
  const event = (type: string, more: object) =>
    `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`;
  response.writeHead(200, SSE);
  response.write(event('response.output_text.delta', { delta: 'Hi ', item_id: 'msg_1' }));
  response.write(event('response.output_text.delta', { delta: 'there', item_id: 'msg_1' }));
  response.end(event('response.completed', { response: answer }));
}
