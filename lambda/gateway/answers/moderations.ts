import { InvalidRequest } from '../../errors.ts';
import type { Call } from '../../providers/provider.ts';
import { render } from './render.ts';
import type { ModelAnswer, Walk } from './walk.ts';

/** A moderation, relayed: only vendors that speak OpenAI's format have it. Throws InvalidRequest that names `model`. */
export async function answerModeration(call: Call, parts: Walk): Promise<ModelAnswer> {
  const { routes, ask, principal, settle, answered } = parts;
  const able = routes.filter(({ provider }) => provider.answer.kind === 'relay');
  if (able.length === 0) {
    throw new InvalidRequest('This model does not moderate.', {
      param: 'model',
      code: 'unsupported_operation',
    });
  }
  const answer = await ask(call, able);
  return answered(answer, await render(answer, principal, settle(answer)));
}
