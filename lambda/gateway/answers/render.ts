import { ChunkDecoder } from '../../openai/chunk-decoder.ts';
import { asksForUsage } from '../../openai/chunks.ts';
import { object } from '../../openai/json.ts';
import { replayAsStream } from '../../openai/replay.ts';
import type { JsonObject, Usage } from '../../openai/wire.ts';
import type { Call, Provider } from '../../providers/provider.ts';
import type { Principal } from '../request/principal.ts';
import type { Answer } from '../upstream/attempts.ts';
import type { Outcome } from './answer-stream.ts';
import { convertResponse, convertStream, type StreamConversion } from './convert.ts';
import { relayJson, relayStream } from './relay.ts';

/** An answer on its way out: whole, or as a stream of events. */
export interface Rendered {
  readonly body: Uint8Array | ReadableStream<Uint8Array>;
  readonly contentType: string;
}

export const EVENT_STREAM = 'text/event-stream; charset=utf-8';

/**
 * A provider's answer in OpenAI's format: bytes untouched where it is the provider's too, else decoded and encoded anew.
 * `full` keeps a stream's usage chunk also where the caller did not ask for it. `settle` is called once when the answer is complete or has failed. Throws GatewayError for what fails before that.
 */
export async function render(
  answer: Answer,
  principal: Principal,
  settle: (outcome: Outcome) => void,
  full = false,
): Promise<Rendered> {
  const { call, route, response } = answer;
  const format = route.provider.answer;
  const contentType = response.headers['content-type'] ?? 'application/json';
  const isJson = /^application\/json/i.test(contentType);
  if (call.stream && format.kind === 'conversion' && !isJson) {
    const asked = full ? { ...answer, call: askingForUsage(call) } : answer;
    return { body: await convertStream(asked, format, principal, settle), contentType: EVENT_STREAM };
  }
  if (call.stream && format.kind === 'relay' && /^text\/event-stream/i.test(contentType)) {
    return { body: await relayStream(answer, format, call, principal, settle, full), contentType };
  }
  const { body, json, usage } = await whole(answer, principal);
  settle({ usage });
  // A vendor that does not stream this model: the caller gets the stream that was asked for all the same.
  if (call.stream)
    return { body: replayAsStream(json, full || asksForUsage(call.body)), contentType: EVENT_STREAM };
  return body
    ? { body, contentType }
    : { body: Buffer.from(JSON.stringify(json)), contentType: 'application/json' };
}

/** For the decoder alone: what the provider was sent stays as it was. */
function askingForUsage(call: Call): Call {
  const options = { ...object(call.body.stream_options), include_usage: true };
  return { ...call, body: { ...call.body, stream_options: options } };
}

/** A whole answer as JSON; `body` where it came in OpenAI's format. */
export async function whole(
  answer: Answer,
  principal: Principal,
): Promise<{ body?: Buffer; json: JsonObject; usage: Usage | undefined }> {
  const format = answer.route.provider.answer;
  if (format.kind === 'relay') return relayJson(answer, format, principal);
  const chat = await convertResponse(answer, format, principal);
  return { json: chat as unknown as JsonObject, usage: chat.usage };
}

/** How a provider's stream is decoded; OpenAI's own chunks are taken as they are. */
export function decoderOf({ answer }: Provider): StreamConversion {
  if (answer.kind === 'conversion') return answer;
  return {
    framing: 'sse',
    decodeStream: (call) => new ChunkDecoder((chunk) => answer.usageOf(chunk), asksForUsage(call.body)),
  };
}
