import OpenAI from 'openai';
import { type Answer, type FakeUpstream, type Received, sendJson, startUpstream } from './fake-upstream.ts';
import { LOCAL_KEY, startGateway, type TestGateway, type TestGatewayOptions } from './local-gateway.ts';
import { type Said, WIRES, type WireName } from './vendor-wire.ts';

/** A model of each family with a format of its own. */
export const MODELS: Readonly<Record<WireName, string>> = {
  anthropic: 'claude-sonnet-4-5',
  gemini: 'gemini-2.5-flash',
  bedrock: 'bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0',
};
export const FAMILIES = Object.keys(MODELS) as WireName[];

/** What must never stand in a log line or in an answer. */
export const KEYS = {
  anthropic: 'anthropic-key-of-nobody',
  gemini: 'gemini-key-of-nobody',
  openai: 'openai-key-of-nobody',
  access: 'access-key-of-nobody',
  secret: 'secret-key-of-nobody',
} as const;

/** A local gateway before fakes of all families, one folder each of one upstream. */
export interface VendorStage {
  readonly gateway: TestGateway;
  readonly upstream: FakeUpstream;
  readonly client: OpenAI;
  answer: Answer;
  /** The JSON bodies that the upstream got, in order. */
  sent(): Record<string, unknown>[];
  stop(): Promise<void>;
}

export async function startVendors(options: TestGatewayOptions = {}): Promise<VendorStage> {
  const upstream = await startUpstream((...call) => stage.answer(...call));
  const gateway = await startGateway({
    ...options,
    environment: {
      ANTHROPIC_API_KEY: KEYS.anthropic,
      ANTHROPIC_BASE_URL: `${upstream.origin}/anthropic`,
      GEMINI_API_KEY: KEYS.gemini,
      GOOGLE_GEMINI_BASE_URL: `${upstream.origin}/gemini`,
      AWS_ACCESS_KEY_ID: KEYS.access,
      AWS_SECRET_ACCESS_KEY: KEYS.secret,
      AWS_REGION: 'eu-west-1',
      AWS_ENDPOINT_URL_BEDROCK_RUNTIME: `${upstream.origin}/bedrock`,
      OPENAI_API_KEY: KEYS.openai,
      OPENAI_BASE_URL: `${upstream.origin}/openai/v1`,
      ...options.environment,
    },
  });
  const stage: VendorStage = {
    gateway,
    upstream,
    client: new OpenAI({ baseURL: gateway.url, apiKey: LOCAL_KEY, maxRetries: 0 }),
    answer: () => {
      throw new Error('the test set no answer');
    },
    sent: () => upstream.received.map(bodyOf),
    async stop() {
      await gateway.stop();
      await upstream.close();
    },
  };
  return stage;
}

export function bodyOf({ body }: Received): Record<string, unknown> {
  return JSON.parse(body.toString()) as Record<string, unknown>;
}

/** The vendor that a request came for. */
export function vendorOf({ url }: Received): WireName {
  const name = url.split('/')[1];
  if (name === undefined || !(name in WIRES)) throw new Error(`no fake vendor at ${url}`);
  return name as WireName;
}

export function isStream(request: Received): boolean {
  return /streamGenerateContent|converse-stream/.test(request.url) || bodyOf(request).stream === true;
}

/** Answers in the vendor's own format, whole or as a stream; the n-th request gets the n-th, the last again and again. */
export function saying(...said: readonly [Said, ...Said[]]): Answer {
  let turn = 0;
  return (request, response) => {
    const now = said[Math.min(turn++, said.length - 1)] as Said;
    const wire = WIRES[vendorOf(request)];
    if (!isStream(request)) return sendJson(response, wire.whole(now));
    response.writeHead(200, { 'content-type': wire.contentType }).end(Buffer.concat(wire.frames(now)));
  };
}

/** Answers with these frames, all at once, and ends. */
export function streamed(frames: readonly Uint8Array[]): Answer {
  return (request, response) => {
    const { contentType } = WIRES[vendorOf(request)];
    response.writeHead(200, { 'content-type': contentType }).end(Buffer.concat(frames));
  };
}

/** Answers with an error in the vendor's format. */
export function failing(status: number, message: string, headers: Record<string, string> = {}): Answer {
  return (request, response) =>
    sendJson(response, WIRES[vendorOf(request)].error(status, message), status, headers);
}
