import { isObject } from '../../openai/json.ts';

/** `GET /models`: `created_at` is a date in RFC 3339. https://platform.claude.com/docs/en/api/models/list */
export function modelsOf(answer: unknown): { id: string; created?: number }[] {
  if (!isObject(answer) || !Array.isArray(answer.data)) return [];
  return answer.data.filter(isObject).flatMap(({ id, created_at }) => {
    if (typeof id !== 'string') return [];
    const released = typeof created_at === 'string' ? Date.parse(created_at) : Number.NaN;
    return [Number.isNaN(released) ? { id } : { id, created: Math.floor(released / 1000) }];
  });
}
