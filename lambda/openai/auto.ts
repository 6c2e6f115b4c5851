import { InvalidRequest } from '../errors.ts';
import type { JsonObject, Operation } from './wire.ts';

/**
 * What `/auto` means for a request: a completion for a completion model, else a chat; a body that holds only a prompt is a
 * completion too. Throws InvalidRequest for a body that is neither.
 */
export function autoOperation(body: JsonObject, isCompletionModel: boolean): Operation {
  const given = (field: string) => body[field] !== undefined && body[field] !== null;
  if (isCompletionModel || (given('prompt') && !given('messages'))) return 'completions';
  if (given('messages')) return 'chat';
  const message = given('input')
    ? 'The path /auto serves chat and completion models: embeddings have their own.'
    : 'The field messages is missing.';
  throw new InvalidRequest(message, {
    param: given('input') ? 'input' : 'messages',
    code: 'missing_required_parameter',
  });
}
