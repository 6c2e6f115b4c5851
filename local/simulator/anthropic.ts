import type { ServerResponse } from 'node:http';
import { countTokens, pace, pieces, sendJson, simulatedText } from './text.ts';
import type { SimulatedVendor } from './vendor.ts';

interface MessagesBody {
  messages?: unknown;
  system?: unknown;
  stream?: boolean;
}

/** Anthropic's Messages API, and nothing else of it. https://docs.anthropic.com/en/api/messages */
export const answerAnthropic: SimulatedVendor = async (path, text, response) => {
  if (path === '/v1/models') return sendJson(response, 200, { data: [] });
  if (path !== '/v1/messages') {
    const error = { type: 'not_found_error', message: 'The simulator answers messages only.' };
    return sendJson(response, 404, { type: 'error', error });
  }
  const body = JSON.parse(text) as MessagesBody;
  const answer = simulatedText('Anthropic');
  const input_tokens = countTokens(JSON.stringify([body.system, body.messages]));
  const output_tokens = countTokens(answer);
  const head = {
    id: `msg_simulated_${Date.now().toString(36)}`,
    type: 'message',
    role: 'assistant',
    model: 'simulated',
  };
  if (body.stream) return stream(response, head, answer, { input_tokens, output_tokens });
  const content = [{ type: 'text', text: answer }];
  const usage = { input_tokens, output_tokens };
  return sendJson(response, 200, { ...head, content, stop_reason: 'end_turn', stop_sequence: null, usage });
};

/** https://docs.anthropic.com/en/docs/build-with-claude/streaming */
async function stream(
  response: ServerResponse,
  head: object,
  answer: string,
  { input_tokens, output_tokens }: { input_tokens: number; output_tokens: number },
): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
  const event = (type: string, fields: object) =>
    response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`);
  const message = {
    ...head,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens, output_tokens: 1 },
  };
  event('message_start', { message });
  event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } });
  event('ping', {});
  for (const piece of pieces(answer)) {
    if (response.destroyed) return;
    event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: piece } });
    await pace();
  }
  event('content_block_stop', { index: 0 });
  event('message_delta', {
    delta: { stop_reason: 'end_turn', stop_sequence: null },
    usage: { output_tokens },
  });
  event('message_stop', {});
  response.end();
}
