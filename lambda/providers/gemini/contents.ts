import { assistantParts } from './assistant.ts';
import { parts } from './content-parts.ts';
import { type Encoding, unsupported } from './encoding.ts';
import { signFirstCalls } from './signatures.ts';
import { ToolSteps } from './tool-steps.ts';
import type { Content, Part } from './wire.ts';

/** A conversation as Gemini takes it. */
export interface Conversation {
  readonly systemInstruction?: { parts: Part[] };
  readonly contents: Content[];
}

/**
 * Turns of the user and of the model: system and developer messages gathered in front, messages of one role in a row made
 * one turn, the results of a step's tool calls in one turn right behind it.
 * https://ai.google.dev/api/caching#Content
 */
export function conversation(encoding: Encoding): Conversation {
  const system: Part[] = [];
  const contents: Content[] = [];
  const steps = new ToolSteps(contents, encoding);
  for (const [index, message] of encoding.messages.entries()) {
    const param = `messages[${index}]`;
    if (typeof message.name === 'string' && message.role === 'user') encoding.dropped.add('messages.name');
    switch (message.role) {
      case 'system':
      case 'developer':
        system.push(...parts(message, param, encoding));
        break;
      case 'user':
        append(contents, 'user', parts(message, param, encoding), steps);
        break;
      case 'assistant': {
        const content = append(contents, 'model', assistantParts(message, param, encoding), steps);
        if (content !== undefined) steps.addCalls(message, content, param);
        break;
      }
      case 'tool':
      case 'function':
        steps.addResult(message, parts(message, param, encoding), param);
        break;
      default:
        throw unsupported(`${param}.role`, `The role ${JSON.stringify(message.role)} is unknown.`);
    }
  }
  steps.sortResults();
  if (encoding.traits.generation3) signFirstCalls(contents);
  return withSystem(system, contents, encoding.traits.systemInstruction);
}

function append(
  contents: Content[],
  role: Content['role'],
  more: Part[],
  steps: ToolSteps,
): Content | undefined {
  if (more.length === 0) return undefined;
  const last = contents.at(-1);
  // Gemini counts the results of a step's turn against its calls: nothing else is mixed into it.
  if (last?.role === role && !steps.isResults(last)) {
    last.parts.push(...more);
    return last;
  }
  const content = { role, parts: more };
  contents.push(content);
  return content;
}

function withSystem(system: Part[], contents: Content[], taken: boolean): Conversation {
  const first = contents[0];
  // Gemini answers no request without a turn, OpenAI does.
  if (first === undefined)
    return { contents: [{ role: 'user', parts: system.length > 0 ? system : [{ text: ' ' }] }] };
  if (system.length === 0) return { contents };
  if (taken) return { systemInstruction: { parts: system }, contents };
  if (first.role === 'user') first.parts.unshift(...system);
  else contents.unshift({ role: 'user', parts: system });
  return { contents };
}
