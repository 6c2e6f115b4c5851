import { encodeEvent } from './aws-event-stream.ts';
import { countTokens, pace, pieces, sendJson, simulatedText } from './text.ts';
import type { SimulatedVendor } from './vendor.ts';

/**
 * Bedrock's Converse and ConverseStream, and nothing else of it.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
 */
export const answerBedrock: SimulatedVendor = async (path, text, response) => {
  const action = /^\/model\/[^/]+\/(converse|converse-stream)$/.exec(path)?.[1];
  if (action === undefined) {
    return sendJson(response, 404, {
      __type: 'ResourceNotFoundException',
      message: 'The simulator answers Converse only.',
    });
  }
  const { messages, system } = JSON.parse(text) as { messages?: unknown; system?: unknown };
  const answer = simulatedText('Bedrock');
  const inputTokens = countTokens(JSON.stringify([system, messages]));
  const outputTokens = countTokens(answer);
  const usage = { inputTokens, outputTokens, totalTokens: inputTokens + outputTokens };
  const metrics = { latencyMs: 1 };
  if (action === 'converse') {
    const message = { role: 'assistant', content: [{ text: answer }] };
    return sendJson(response, 200, { output: { message }, stopReason: 'end_turn', usage, metrics });
  }
  response.writeHead(200, { 'content-type': 'application/vnd.amazon.eventstream' });
  response.write(encodeEvent('messageStart', { role: 'assistant' }));
  for (const piece of pieces(answer)) {
    if (response.destroyed) return;
    response.write(encodeEvent('contentBlockDelta', { contentBlockIndex: 0, delta: { text: piece } }));
    await pace();
  }
  response.write(encodeEvent('contentBlockStop', { contentBlockIndex: 0 }));
  response.write(encodeEvent('messageStop', { stopReason: 'end_turn' }));
  response.end(encodeEvent('metadata', { usage, metrics }));
};
