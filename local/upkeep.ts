import type { AnswerCache } from '../lambda/gateway/cache/answer-cache.ts';
import { failureFields, type Log } from '../lambda/log.ts';
import type { LocalDynamoDB } from './dynamodb.ts';

const COUNTS_MS = 5_000;
const EXPIRY_MS = 3_600_000;

/**
 * What nobody waits for and a local run does by itself: the cache's counts are written also while nobody asks for anything, and
 * what has expired is removed. Returns how to end it, with the last counts.
 */
export function startUpkeep(stores: LocalDynamoDB, answers: AnswerCache, log: Log): () => Promise<void> {
  const remove = () =>
    stores.removeExpired().catch((error: unknown) => log.warn('expired items stay', failureFields(error)));
  const timers = [setInterval(() => answers.flush(log), COUNTS_MS), setInterval(remove, EXPIRY_MS)];
  for (const timer of timers) timer.unref();
  const removing = remove();
  return async () => {
    for (const timer of timers) clearInterval(timer);
    await Promise.all([removing, answers.flush(log)]);
  };
}
