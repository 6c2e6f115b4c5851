import { InvalidRequest, PermissionDenied } from '../../errors.ts';
import { refuseAmbiguousModel, refuseDeep } from '../../openai/ambiguous-body.ts';
import { isObject } from '../../openai/json.ts';
import type { JsonObject } from '../../openai/wire.ts';
import type { ProviderHandle } from '../../providers/index.ts';
import type { RawCall } from '../../providers/provider.ts';
import type { Principal } from '../request/principal.ts';
import type { CandidateParts } from '../routing/candidates.ts';
import { refuseFurtherModels } from '../routing/further-models.ts';
import { requireAllowed } from '../routing/scope.ts';

/**
 * Paths whose model is the one that the body names, and nothing else is: no path with a model of its own, no stored object
 * that holds one (an assistant, a batch, a file of requests).
 */
const PATHS =
  /^\/(?:v1\/)?(?:responses|messages|messages\/count_tokens|images\/(?:generations|edits|variations)|audio\/(?:speech|transcriptions|translations))$/;

const JSON_TYPE = /^application\/json *(?:; *charset="?utf-8"? *)?$/i;
const FORM_TYPE = /^multipart\/form-data *;/i;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * The call as a caller who may use certain models only may make it: its body names one of them, to every reader alike. Throws
 * PermissionDenied (403), InvalidRequest (400).
 */
export async function withinScope(
  call: RawCall,
  handle: ProviderHandle,
  principal: Principal,
  parts: CandidateParts,
): Promise<RawCall> {
  if (principal.modelLists === undefined) return call;
  const [path = '', search] = call.target.split('?');
  const encoding = call.headers['content-encoding'] ?? 'identity';
  const readable =
    call.method === 'POST' && PATHS.test(path) && search === undefined && encoding === 'identity';
  if (!readable || !(call.body instanceof Uint8Array)) throw unnamed();
  const type = call.headers['content-type'] ?? '';
  const check = (model: unknown, param: string) => {
    if (typeof model !== 'string') throw unnamed();
    checked(model, param, handle, principal, parts);
  };
  if (JSON_TYPE.test(type)) {
    refuseFurtherModels(checkedJson(textOf(call.body), check), principal);
    return call;
  }
  if (FORM_TYPE.test(type)) return checkedForm(call, call.body, type, check);
  throw unnamed();
}

type Check = (model: unknown, param: string) => void;

function checked(
  model: string,
  param: string,
  handle: ProviderHandle,
  principal: Principal,
  parts: CandidateParts,
): void {
  try {
    requireAllowed([{ handle, model }], principal, parts);
  } catch (error) {
    if (!(error instanceof PermissionDenied)) throw error;
    throw new PermissionDenied(error.message, { param, code: error.code });
  }
}

function checkedJson(text: string, check: Check): JsonObject {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new InvalidRequest('The body is not valid JSON.', { code: 'invalid_json' });
  }
  if (!isObject(json)) throw unnamed();
  refuseAmbiguousModel(text);
  check(json.model, 'model');
  checkNested(json, '', check);
  return json;
}

/** A tool may have a model of its own. Metadata is the caller's to fill. */
function checkNested(value: unknown, path: string, check: Check, level = 0): void {
  refuseDeep(level);
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) checkNested(item, `${path}[${i}]`, check, level + 1);
    return;
  }
  if (!isObject(value)) return;
  for (const [name, inner] of Object.entries(value)) {
    const param = path === '' ? name : `${path}.${name}`;
    if (param === 'metadata') continue;
    if (name === 'model' && typeof inner === 'string') check(inner, param);
    else checkNested(inner, param, check, level + 1);
  }
}

/** What goes on is made anew of what was read, so that no other reader can find another model in it. */
async function checkedForm(call: RawCall, body: Uint8Array, type: string, check: Check): Promise<RawCall> {
  const form = await new Response(Buffer.from(body), { headers: { 'content-type': type } })
    .formData()
    .catch(() => {
      throw new InvalidRequest('The body is not a valid form.', { code: 'invalid_form' });
    });
  const models = [...form].filter(([name]) => name.trim().toLowerCase() === 'model');
  const [only, ...more] = models;
  if (only === undefined) throw unnamed();
  if (more.length > 0 || only[0] !== 'model') {
    throw new InvalidRequest('The form names the model more than once, or by another spelling of "model".', {
      param: 'model',
      code: 'ambiguous_model',
    });
  }
  check(only[1], 'model');
  const made = new Response(form);
  const headers = { ...call.headers, 'content-type': made.headers.get('content-type') ?? type };
  return { ...call, headers, body: new Uint8Array(await made.arrayBuffer()) };
}

function textOf(body: Uint8Array): string {
  try {
    return utf8.decode(body);
  } catch {
    throw new InvalidRequest('The body is not valid UTF-8.', { code: 'invalid_json' });
  }
}

function unnamed(): PermissionDenied {
  return new PermissionDenied(
    'This API key may use certain models only: this path is open to it where the body names one of them, as JSON or as a form.',
    { code: 'model_not_allowed' },
  );
}
