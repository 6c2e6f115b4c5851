import type { ToolNames } from '../../openai/tool-names.ts';
import type { ChatResponse, JsonObject, ReasoningPart, ToolCall } from '../../openai/wire.ts';
import { StreamError } from '../../streams/stream-error.ts';
import { claudeQuirks } from '../model-quirks.ts';
import type { Call, Route } from '../provider.ts';
import { annotationsOf } from './citations.ts';
import { vendorNames } from './declared-tools.ts';
import type { Host } from './host.ts';
import { planFormat } from './response-format.ts';
import { finishReason, refusalText } from './stop-reason.ts';
import { toUsage } from './usage.ts';
import { type ContentWire, ignored, type MessageWire } from './wire.ts';

/** The name of the tool whose arguments are the answer, where the request had one. */
export function jsonToolName(call: Call, route: Route, host: Host): string | undefined {
  const format = planFormat(call.body, claudeQuirks(route.model), host);
  return format.kind === 'tool' ? format.tool.name : undefined;
}

/**
 * A whole answer. An answer that is an error under status 200 throws StreamError with its JSON.
 * https://platform.claude.com/docs/en/api/messages#response
 */
export function decodeResponse(answer: JsonObject, call: Call, route: Route, host: Host): ChatResponse {
  if (answer.type === 'error') throw new StreamError(JSON.stringify(answer));
  const message = answer as unknown as MessageWire;
  const parts = new Parts(call.body, jsonToolName(call, route, host));
  for (const block of message.content ?? []) parts.add(block);
  const { stop_reason: native } = message;
  const { reasoning } = parts;
  const thought = reasoning.map(({ content }) => content ?? '').join('');
  return {
    id: message.id ?? '',
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1000),
    model: message.model ?? route.model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: parts.json ?? (parts.text || null),
          refusal: refusalText(native, message.stop_details),
          ...(parts.calls.length > 0 ? { tool_calls: parts.calls } : {}),
          ...(reasoning.length > 0 ? { reasoning } : {}),
          ...(thought === '' ? {} : { reasoning_content: thought }),
          ...(parts.annotations.length > 0 ? { annotations: parts.annotations } : {}),
        },
        finish_reason: finishReason(native, parts.calls.length > 0),
        ...(native ? { native_finish_reason: native } : {}),
        logprobs: null,
      },
    ],
    ...(message.usage ? { usage: toUsage(message.usage) } : {}),
  };
}

/** The blocks of an answer, sorted into what OpenAI's message has a place for. */
class Parts {
  text = '';
  json: string | undefined;
  readonly calls: ToolCall[] = [];
  readonly reasoning: ReasoningPart[] = [];
  readonly annotations: object[] = [];
  readonly #body: JsonObject;
  readonly #jsonTool: string | undefined;
  #names: ToolNames | undefined;

  constructor(body: JsonObject, jsonTool: string | undefined) {
    this.#body = body;
    this.#jsonTool = jsonTool;
  }

  add(block: ContentWire): void {
    switch (block.type) {
      case 'text': {
        const start = this.text.length;
        this.text += block.text ?? '';
        this.annotations.push(...annotationsOf(block.citations, start, this.text.length));
        return;
      }
      case 'thinking':
        this.reasoning.push({
          content: block.thinking ?? '',
          ...(block.signature ? { id: block.signature } : {}),
        });
        return;
      case 'redacted_thinking':
        this.reasoning.push({ redacted: true, id: block.data ?? '' });
        return;
      case 'tool_use':
        this.#addCall(block.id ?? '', block.name ?? '', JSON.stringify(block.input ?? {}));
        return;
      // What the vendor's own tools did, or the model for them, is no text of the answer and no call of the client's.
      case 'server_tool_use':
      case 'web_search_tool_result':
      case 'web_fetch_tool_result':
      case 'code_execution_tool_result':
      case 'bash_code_execution_tool_result':
      case 'text_editor_code_execution_tool_result':
      case 'tool_search_tool_result':
      case 'container_upload':
        return;
      default:
        ignored(block);
    }
  }

  #addCall(id: string, name: string, args: string): void {
    if (name === this.#jsonTool) {
      this.json ??= args;
      return;
    }
    this.#names ??= vendorNames(this.#body);
    const restored = this.#names.fromVendor(name);
    this.calls.push({ id, type: 'function', function: { name: restored, arguments: args } });
  }
}
