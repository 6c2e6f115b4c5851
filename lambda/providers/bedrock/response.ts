import { randomUUID } from 'node:crypto';
import { Upstream } from '../../errors.ts';
import { object, objects } from '../../openai/json.ts';
import { toolNames } from '../../openai/tool-names.ts';
import type {
  AssistantMessage,
  ChatResponse,
  JsonObject,
  ReasoningPart,
  ToolCall,
} from '../../openai/wire.ts';
import type { Call, Route } from '../provider.ts';
import { annotation } from './citations.ts';
import { MAX_TOOL_NAME } from './encoding.ts';
import { finishReason } from './finish-reason.ts';
import { imagePart } from './image.ts';
import { text } from './json.ts';
import { jsonAnswer } from './json-answer.ts';
import { usageOf } from './usage.ts';
import { type BlockKind, memberOf } from './wire.ts';

/** Converse's answers have no id in their bodies: one is made up. */
export function newId(): string {
  return `chatcmpl-${randomUUID()}`;
}

/** What the blocks of an answer add up to. */
interface Collected {
  text: string;
  json: string | undefined;
  readonly calls: ToolCall[];
  readonly reasoning: ReasoningPart[];
  readonly annotations: JsonObject[];
  readonly images: JsonObject[];
}

/**
 * A whole answer. Throws Upstream where it holds no message.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html#API_runtime_Converse_ResponseSyntax
 */
export function decodeResponse(answer: JsonObject, call: Call, route: Route): ChatResponse {
  const message = object(object(answer.output)?.message);
  if (message === undefined) {
    throw new Upstream(`The provider ${route.provider.name} answered without a message.`, {
      code: 'upstream_invalid_response',
    });
  }
  const names = toolNames(call.body, MAX_TOOL_NAME);
  const jsonName = jsonAnswer(call.body, names)?.name;
  const found: Collected = {
    text: '',
    json: undefined,
    calls: [],
    reasoning: [],
    annotations: [],
    images: [],
  };
  for (const block of objects(message.content)) collect(block, found, jsonName, names.fromVendor);
  const usage = usageOf(answer.usage);
  const native = text(answer.stopReason);
  return {
    id: newId(),
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1000),
    model: invokedModel(answer) ?? route.model,
    choices: [
      {
        index: 0,
        message: assistantMessage(found),
        logprobs: null,
        finish_reason: finishReason(native, found.calls.length > 0),
        ...(native === undefined ? {} : { native_finish_reason: native }),
      },
    ],
    ...(usage === undefined ? {} : { usage }),
  };
}

/** A prompt router chooses the model itself, and tells which where its trace is on. */
function invokedModel(answer: JsonObject): string | undefined {
  return text(object(object(answer.trace)?.promptRouter)?.invokedModelId);
}

function collect(
  block: JsonObject,
  found: Collected,
  jsonName: string | undefined,
  fromVendor: (name: string) => string,
): void {
  const member = memberOf<BlockKind>(block);
  const kind = member?.kind;
  const value = object(member?.value) ?? {};
  switch (kind) {
    case 'text':
      found.text += text(member?.value) ?? '';
      return;
    case 'toolUse': {
      // A tool that the vendor ran itself is nothing that the caller could answer.
      if (value.type === 'server_tool_use') return;
      const input = JSON.stringify(value.input ?? {});
      if (value.name === jsonName) found.json ??= input;
      else found.calls.push(toolCall(value, input, fromVendor));
      return;
    }
    case 'reasoningContent':
      found.reasoning.push(...reasoningPart(value));
      return;
    case 'citationsContent': {
      const start = found.text.length;
      found.text += objects(value.content)
        .map((part) => text(part.text) ?? '')
        .join('');
      for (const citation of objects(value.citations)) {
        found.annotations.push(annotation(citation, start, found.text.length));
      }
      return;
    }
    case 'image':
      found.images.push(...imagePart(value.format, object(value.source)?.bytes));
      return;
    case 'audio':
    case 'video':
    case 'document':
    case 'cachePoint':
    case 'guardContent':
    case 'searchResult':
    case 'toolAddition':
    case 'toolRemoval':
    case 'toolResult':
    case undefined:
      return;
    default:
      kind satisfies never;
  }
}

function toolCall(value: JsonObject, input: string, fromVendor: (name: string) => string): ToolCall {
  return {
    id: text(value.toolUseId) ?? `call_${randomUUID()}`,
    type: 'function',
    function: { name: fromVendor(String(value.name ?? '')), arguments: input },
  };
}

function reasoningPart(value: JsonObject): ReasoningPart[] {
  const redacted = text(value.redactedContent);
  if (redacted !== undefined) return [{ redacted: true, id: redacted }];
  const thought = object(value.reasoningText);
  const signature = text(thought?.signature);
  if (thought === undefined) return [];
  return [{ content: text(thought.text) ?? '', ...(signature === undefined ? {} : { id: signature }) }];
}

function assistantMessage(found: Collected): AssistantMessage {
  const said = found.text === '' ? null : found.text;
  const thought = found.reasoning.map((part) => part.content ?? '').join('');
  return {
    role: 'assistant',
    // What was said before a JSON answer is no JSON.
    content: found.json ?? said,
    refusal: null,
    ...(found.calls.length === 0 ? {} : { tool_calls: found.calls }),
    ...(found.reasoning.length === 0 ? {} : { reasoning: found.reasoning }),
    ...(thought === '' ? {} : { reasoning_content: thought }),
    ...(found.annotations.length === 0 ? {} : { annotations: found.annotations }),
    ...(found.images.length === 0 ? {} : { images: found.images }),
  };
}
