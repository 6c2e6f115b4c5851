import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { completion, sendJson } from '../../../support/fake-upstream.ts';
import { errorOf } from '../../../support/stage.ts';
import { MODELS, startVendors, type VendorStage } from '../../../support/vendor-stage.ts';

let stage: VendorStage;
beforeAll(async () => {
  stage = await startVendors();
});
afterAll(() => stage.stop());

const messages = [{ role: 'user', content: 'Hello' }];
const MESSAGE = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-x',
  content: [{ type: 'text', text: 'Hi there' }],
  stop_reason: 'end_turn',
  usage: { input_tokens: 1, output_tokens: 2 },
};

describe('a stream that the vendor answers with plain JSON', () => {
  test('is streamed to the caller all the same', async () => {
    stage.answer = (_, response) => sendJson(response, MESSAGE);
    const response = await stage.gateway.post('/chat/completions', {
      model: MODELS.anthropic,
      stream: true,
      messages,
    });
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    expect(await response.text()).toMatch(/Hi there[\s\S]*"finish_reason":"stop"[\s\S]*data: \[DONE\]\n\n$/);
  });

  test('is the vendor’s error where the JSON is one', async () => {
    const error = { type: 'rate_limit_error', message: 'slow down' };
    stage.answer = (_, response) => sendJson(response, { type: 'error', error });
    const response = await stage.gateway.post('/chat/completions', {
      model: MODELS.anthropic,
      stream: true,
      messages,
    });
    expect(response.status).toBe(429);
    expect((await errorOf(response)).message).toBe('slow down');
  });
});

test('an error beside what there is of an answer is an error, and not a 200', async () => {
  stage.answer = (_, response) =>
    sendJson(response, completion('half', { error: { message: 'broke', code: 503 } }));
  const response = await stage.gateway.post('/chat/completions', { model: 'gpt-test', messages, seed: 1 });
  expect(response.status).toBe(503);
  expect((await errorOf(response)).message).toBe('broke');
});
