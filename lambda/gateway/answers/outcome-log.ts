import { failureFields, type Log } from '../../log.ts';
import type { ServerTiming } from '../request/server-timing.ts';
import type { Answer } from '../upstream/attempts.ts';
import { CallerLeft, type Outcome } from './answer-stream.ts';

/** Called once for each upstream answer, when it is complete or has failed. */
export type Settle = (answer: Answer) => (outcome: Outcome) => void;

/** One line for each answer: who gave it, how it ended, what it cost. */
export function outcomeLog(log: Log, timing: ServerTiming): Settle {
  return ({ route }) => {
    const bound = log.with({ provider: route.provider.name, model: route.model.slice(0, 128) });
    return ({ usage, failure }) => {
      const fields = {
        ms: Math.round(timing.totalMs()),
        promptTokens: usage?.prompt_tokens,
        completionTokens: usage?.completion_tokens,
        cachedTokens: usage?.prompt_tokens_details?.cached_tokens,
        reasoningTokens: usage?.completion_tokens_details?.reasoning_tokens,
      };
      if (failure === undefined) bound.info('answered', { status: 200, ...fields });
      else if (failure instanceof CallerLeft) bound.info('caller left', fields);
      else bound.warn('stream failed', { ...fields, ...failureFields(failure) });
    };
  };
}
