import { countTokens, pace, pieces, sendJson, simulatedText } from './text.ts';
import type { SimulatedVendor } from './vendor.ts';

/** Gemini's generateContent and streamGenerateContent. https://ai.google.dev/api/generate-content */
export const answerGemini: SimulatedVendor = async (path, text, response) => {
  const [method, query = ''] = (/:([A-Za-z]+)(?:\?(.*))?$/.exec(path) ?? []).slice(1);
  if (path.endsWith('/models')) return sendJson(response, 200, { models: [] });
  if (method !== 'generateContent' && method !== 'streamGenerateContent') {
    const error = { code: 404, message: 'The simulator generates content only.', status: 'NOT_FOUND' };
    return sendJson(response, 404, { error });
  }
  const { contents } = JSON.parse(text) as { contents?: unknown };
  const answer = simulatedText('Gemini');
  const promptTokenCount = countTokens(JSON.stringify(contents));
  const candidatesTokenCount = countTokens(answer);
  const usageMetadata = {
    promptTokenCount,
    candidatesTokenCount,
    totalTokenCount: promptTokenCount + candidatesTokenCount,
  };
  const head = { modelVersion: 'simulated', responseId: `simulated-${Date.now().toString(36)}` };
  const part = (words: string, finish?: object) => ({
    candidates: [{ content: { parts: [{ text: words }], role: 'model' }, index: 0, ...finish }],
    ...head,
  });
  const finish = { finishReason: 'STOP' };
  if (method === 'generateContent')
    return sendJson(response, 200, { ...part(answer, finish), usageMetadata });
  if (!query.includes('alt=sse'))
    return sendJson(response, 200, [{ ...part(answer, finish), usageMetadata }]);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const words = pieces(answer);
  for (const [i, piece] of words.entries()) {
    if (response.destroyed) return;
    const last = i === words.length - 1;
    const event = last ? { ...part(piece, finish), usageMetadata } : part(piece);
    response.write(`data: ${JSON.stringify(event)}\r\n\r\n`);
    await pace();
  }
  response.end();
};
