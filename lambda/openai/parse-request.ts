import * as v from 'valibot';
import { InvalidRequest } from '../errors.ts';
import { refuseAmbiguous } from './ambiguous-body.ts';
import type { JsonObject, Operation } from './wire.ts';

/** What a checked body is known to hold. Everything else is as the caller sent it. */
export type ParsedRequest = JsonObject & { readonly model: string };

const model = v.pipe(v.string(), v.minLength(1), v.maxLength(512));
const stream = v.nullish(v.boolean());

/**
 * The structure that routing and conversion rely on; the values are the provider's to judge.
 * https://platform.openai.com/docs/api-reference/chat/create
 */
const message = v.looseObject({
  role: v.string(),
  content: v.nullish(
    v.union([v.string(), v.array(v.union([v.string(), v.looseObject({ type: v.string() })]))]),
  ),
  tool_calls: v.nullish(v.array(v.looseObject({}))),
});

const schemas: Record<Operation, v.GenericSchema> = {
  chat: v.looseObject({ model, stream, messages: v.pipe(v.array(message), v.minLength(1)) }),
  completions: v.looseObject({ model, stream }),
  embeddings: v.looseObject({ model }),
  moderations: v.looseObject({ model }),
};

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** A JSON body of a model route. Throws InvalidRequest (400) that names the field in `param`. */
export function parseRequest(bytes: Uint8Array, operation: Operation): ParsedRequest {
  return checkRequest(parseJson(bytes), operation);
}

/** A parsed body as one operation needs it. Throws as `parseRequest`. */
export function checkRequest(body: unknown, operation: Operation): ParsedRequest {
  const result = v.safeParse(schemas[operation], body, { abortEarly: true });
  if (!result.success) throw invalidField(result.issues[0]);
  return body as ParsedRequest;
}

/** Throws InvalidRequest. */
export function parseJson(bytes: Uint8Array): unknown {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    throw new InvalidRequest('The body is not valid UTF-8.', { code: 'invalid_json' });
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new InvalidRequest('The body is not valid JSON.', { code: 'invalid_json' });
  }
  refuseAmbiguous(text);
  return json;
}

/** The message tells the field and what was expected, never the value: it may be a prompt. */
export function invalidField(first: v.BaseIssue<unknown>): InvalidRequest {
  const { issue, path } = deepest(first);
  const param = paramPath(path);
  if (param === '' || Array.isArray(path[0]?.input)) {
    return new InvalidRequest('The body must be a JSON object.', { code: 'invalid_json' });
  }
  if (issue.input === undefined) {
    return new InvalidRequest(`The field ${param} is missing.`, {
      param,
      code: 'missing_required_parameter',
    });
  }
  const expected =
    issue.type === 'min_length' || issue.type === 'non_empty'
      ? 'a value that is not empty'
      : (issue.expected ?? 'another value');
  return new InvalidRequest(`The field ${param} is not valid: expected ${expected}.`, {
    param,
    code: 'invalid_type',
  });
}

type Path = readonly { key: unknown; input: unknown }[];

/** A union holds the issues of its branches: the one furthest down tells most. */
function deepest(issue: v.BaseIssue<unknown>, above: Path = []): { issue: v.BaseIssue<unknown>; path: Path } {
  const path = [...above, ...(issue.path ?? [])];
  const inner = (issue.issues ?? []).map((branch) => deepest(branch, path));
  const [found] = inner.toSorted((a, b) => b.path.length - a.path.length);
  return found !== undefined && found.path.length > path.length ? found : { issue, path };
}

/** `messages[2].content`, as OpenAI writes it. */
function paramPath(path: readonly { key: unknown }[]): string {
  return path.reduce(
    (text, { key }) =>
      typeof key === 'number' ? `${text}[${key}]` : text === '' ? String(key) : `${text}.${key}`,
    '',
  );
}
