type Fields = Readonly<Record<string, unknown>>;

/** A message as the GenAI conventions have it. https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-events/ */
interface Message {
  readonly role: string;
  readonly parts: readonly Fields[];
  readonly finish_reason?: string;
}

/** The messages of a request's body; a prompt or an input stands as the user's. */
export function inputMessages(body: unknown): Message[] {
  const { messages, prompt, input } = fields(body);
  if (Array.isArray(messages)) return messages.map(fields).map((message) => messageOf(message));
  const said = prompt ?? input;
  if (said === undefined) return [];
  const texts = Array.isArray(said) && said.every((item) => typeof item === 'string') ? said : [said];
  return texts.map((text) => ({ role: 'user', parts: partsOf(text) }));
}

/** The choices of an answer. */
export function outputMessages(answer: unknown): Message[] {
  const { choices } = fields(answer);
  if (!Array.isArray(choices)) return [];
  return choices.map(fields).map((choice) => {
    const message =
      choice.message === undefined ? { role: 'assistant', content: choice.text } : fields(choice.message);
    const reason = typeof choice.finish_reason === 'string' ? choice.finish_reason : undefined;
    return { ...messageOf(message), ...(reason === undefined ? {} : { finish_reason: reason }) };
  });
}

function messageOf(message: Fields): Message {
  const role = typeof message.role === 'string' ? message.role : 'user';
  const { tool_call_id: id, reasoning_content: thinking, refusal } = message;
  const calls = Array.isArray(message.tool_calls) ? message.tool_calls.map(fields).map(callPart) : [];
  const content =
    role === 'tool'
      ? [{ type: 'tool_call_response', id, response: message.content }]
      : partsOf(message.content);
  const reasoning = typeof thinking === 'string' ? [{ type: 'reasoning', content: thinking }] : [];
  const refused = typeof refusal === 'string' ? [{ type: 'refusal', content: refusal }] : [];
  return { role, parts: [...reasoning, ...content, ...refused, ...calls] };
}

function callPart(call: Fields): Fields {
  const { name, arguments: given } = fields(call.function);
  return { type: 'tool_call', id: call.id, name, arguments: parsed(given) };
}

/** Parts that the conventions do not know stay as OpenAI has them. */
function partsOf(content: unknown): Fields[] {
  if (content === undefined || content === null) return [];
  if (typeof content === 'string') return [{ type: 'text', content }];
  // Token ids, and what is no content at all.
  const readable =
    Array.isArray(content) && content.every((part) => typeof part === 'string' || isObject(part));
  if (!readable) return [{ type: 'text', content: JSON.stringify(content) }];
  return content.map((part) => {
    if (typeof part === 'string') return { type: 'text', content: part };
    const { type, text } = fields(part);
    return type === 'text' && typeof text === 'string' ? { type, content: text } : fields(part);
  });
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fields(value: unknown): Fields {
  return isObject(value) ? value : {};
}

function parsed(text: unknown): unknown {
  try {
    return typeof text === 'string' ? JSON.parse(text) : text;
  } catch {
    return text;
  }
}
