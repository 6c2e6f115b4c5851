import type { ServerResponse } from 'node:http';
import { countTokens, pace, pieces, sendJson, simulatedText } from './text.ts';
import type { SimulatedVendor } from './vendor.ts';

interface ChatBody {
  messages?: unknown;
  stream?: boolean;
  stream_options?: { include_usage?: boolean };
}

/** OpenAI's chat completions, and nothing else. https://platform.openai.com/docs/api-reference/chat */
export const answerOpenAI: SimulatedVendor = async (path, text, response) => {
  if (path === '/models') return sendJson(response, 200, { object: 'list', data: [] });
  if (path !== '/chat/completions') {
    const message = 'The simulator answers chat completions only.';
    return sendJson(response, 404, {
      error: { message, type: 'invalid_request_error', param: null, code: 'not_simulated' },
    });
  }
  const body = JSON.parse(text) as ChatBody;
  const answer = simulatedText('OpenAI');
  const prompt_tokens = countTokens(JSON.stringify(body.messages));
  const completion_tokens = countTokens(answer);
  const usage = { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
  const head = {
    id: `chatcmpl-simulated-${Date.now().toString(36)}`,
    created: Math.floor(Date.now() / 1000),
    model: 'simulated',
  };
  if (body.stream)
    return stream(response, head, answer, body.stream_options?.include_usage ? usage : undefined);
  const message = { role: 'assistant', content: answer, refusal: null };
  const choices = [{ index: 0, message, logprobs: null, finish_reason: 'stop' }];
  return sendJson(response, 200, { ...head, object: 'chat.completion', choices, usage });
};

async function stream(
  response: ServerResponse,
  head: object,
  answer: string,
  usage: object | undefined,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
  const chunk = (choices: object[], more: object = {}) =>
    response.write(
      `data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', choices, ...more })}\n\n`,
    );
  const choice = (delta: object, finish_reason: string | null = null) => ({
    index: 0,
    delta,
    logprobs: null,
    finish_reason,
  });
  chunk([choice({ role: 'assistant', content: '', refusal: null })]);
  for (const content of pieces(answer)) {
    if (response.destroyed) return;
    chunk([choice({ content })]);
    await pace();
  }
  chunk([choice({}, 'stop')]);
  if (usage) chunk([], { usage });
  response.end('data: [DONE]\n\n');
}
