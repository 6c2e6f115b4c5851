import { Upstream } from '../../errors.ts';
import { isObject } from '../../openai/json.ts';
import type {
  AssistantMessage,
  ChatResponse,
  JsonObject,
  ReasoningPart,
  ToolCall,
} from '../../openai/wire.ts';
import type { Call, Route } from '../provider.ts';
import { callId, imageOf, toolCall } from './answer-parts.ts';
import { vendorNames } from './encoding.ts';
import { finishReason } from './finish-reason.ts';
import { annotationsOf } from './grounding.ts';
import { objectsIn, textOf } from './json.ts';
import { logprobsOf } from './logprobs.ts';
import { usageOf } from './usage.ts';
import type { Candidate, GenerateContentResponse, Part } from './wire.ts';

type Choice = ChatResponse['choices'][number];

/** `GenerateContentResponse` as OpenAI's answer. https://ai.google.dev/api/generate-content#v1beta.GenerateContentResponse */
export function decodeResponse(answer: JsonObject, call: Call, route: Route): ChatResponse {
  const wire = answer as unknown as GenerateContentResponse;
  const { fromVendor } = vendorNames(call.body);
  const id = textOf(wire.responseId) ?? crypto.randomUUID();
  const choices = objectsIn(wire.candidates).map((candidate, place) =>
    choiceOf(candidate, candidate.index ?? place, id, fromVendor),
  );
  if (choices.length === 0) choices.push(blockedChoice(wire, route));
  const usage = usageOf(wire.usageMetadata);
  return {
    id,
    object: 'chat.completion',
    created: createdAt(wire),
    model: textOf(wire.modelVersion) ?? route.model,
    choices,
    ...(usage === undefined ? {} : { usage }),
  };
}

/** Vertex tells when it made the answer. */
export function createdAt(wire: GenerateContentResponse): number {
  const told = Date.parse(wire.createTime ?? '');
  return Math.floor((Number.isNaN(told) ? Date.now() : told) / 1000);
}

/** Why the prompt was not answered, as far as Gemini tells. */
export function blockReason({ promptFeedback }: GenerateContentResponse): string | undefined {
  if (!isObject(promptFeedback)) return undefined;
  const { blockReason: reason, blockReasonMessage: message } = promptFeedback;
  return reason === undefined ? undefined : String(reason) + (message === undefined ? '' : `: ${message}`);
}

/** The words that a client shows for a blocked prompt. */
export function refusalFor(reason: string): string {
  return `Gemini blocked the prompt (${reason}).`;
}

function blockedChoice(wire: GenerateContentResponse, route: Route): Choice {
  const reason = blockReason(wire);
  if (reason === undefined)
    throw new Upstream(`The provider ${route.provider.name} answered without a candidate.`, {
      code: 'upstream_invalid_response',
    });
  return {
    index: 0,
    message: { role: 'assistant', content: null, refusal: refusalFor(reason) },
    finish_reason: 'content_filter',
    native_finish_reason: wire.promptFeedback?.blockReason ?? reason,
  };
}

function choiceOf(
  candidate: Candidate,
  index: number,
  answerId: string,
  fromVendor: (name: string) => string,
): Choice {
  const parts = objectsIn(candidate.content?.parts);
  const calls: ToolCall[] = [];
  for (const part of parts) {
    if (!isObject(part.functionCall)) continue;
    const id = callId(part.functionCall.id, answerId, index, calls.length);
    calls.push(toolCall(part, part.functionCall, id, fromVendor));
  }
  const native = candidate.finishReason;
  const reason = finishReason(native, calls.length > 0);
  const logprobs = logprobsOf(candidate.logprobsResult);
  return {
    index,
    message: messageOf(parts, calls, candidate, reason === 'content_filter'),
    finish_reason: reason,
    ...(native === undefined ? {} : { native_finish_reason: native }),
    ...(logprobs === undefined ? {} : { logprobs }),
  };
}

function messageOf(
  parts: readonly Part[],
  calls: ToolCall[],
  candidate: Candidate,
  filtered: boolean,
): AssistantMessage {
  const text = parts.map((part) => (part.thought === true ? '' : (part.text ?? ''))).join('');
  const thoughts = parts.map((part) => (part.thought === true ? (part.text ?? '') : '')).join('');
  const images = parts.map(imageOf).filter((image) => image !== undefined);
  const reasoning = reasoningOf(parts);
  const annotations = annotationsOf(candidate.groundingMetadata, text);
  const silent = calls.length > 0 || images.length > 0 || filtered;
  return {
    role: 'assistant',
    content: text === '' && silent ? null : text,
    refusal: filtered ? (candidate.finishMessage ?? null) : null,
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
    ...(reasoning.length === 0 ? {} : { reasoning }),
    ...(thoughts === '' ? {} : { reasoning_content: thoughts }),
    ...(annotations.length === 0 ? {} : { annotations }),
    ...(images.length === 0 ? {} : { images }),
  };
}

/** Thoughts up to a signature are one piece. The signatures of calls and images stand on those. */
function reasoningOf(parts: readonly Part[]): ReasoningPart[] {
  const pieces: ReasoningPart[] = [];
  for (const part of parts) {
    const open = pieces.at(-1)?.id === undefined ? pieces.at(-1) : undefined;
    if (part.thought === true && typeof part.text === 'string') {
      if (open === undefined) pieces.push({ content: part.text });
      else open.content = `${open.content ?? ''}${part.text}`;
    }
    if (
      part.thoughtSignature === undefined ||
      part.functionCall !== undefined ||
      part.inlineData !== undefined
    )
      continue;
    const last = pieces.at(-1);
    if (last === undefined || last.id !== undefined) pieces.push({ id: part.thoughtSignature });
    else last.id = part.thoughtSignature;
  }
  return pieces;
}
