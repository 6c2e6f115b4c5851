import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { GatewayConfig, ProviderEntry } from '../../lambda/config.ts';
import type { ProviderKey } from '../../lambda/providers/provider.ts';
import { FixedKeyRing } from '../../lambda/stores/fixed-key-ring.ts';
import type { KeyRing } from '../../lambda/stores/key-ring.ts';
import { answerAnthropic } from './anthropic.ts';
import { answerBedrock } from './bedrock.ts';
import { answerGemini } from './gemini.ts';
import { answerOpenAI } from './openai.ts';
import { sendJson } from './text.ts';
import type { SimulatedVendor } from './vendor.ts';

interface Simulated {
  readonly entry: ProviderEntry;
  /** What of the vendor's base URL is a path. */
  readonly basePath: string;
  readonly key: ProviderKey;
  readonly answer: SimulatedVendor;
}

const NO_KEY = { apiKey: 'the-simulator-needs-no-key' };

const VENDORS: Readonly<Record<string, Simulated>> = {
  openai: { entry: { kind: 'openai' }, basePath: '/v1', key: NO_KEY, answer: answerOpenAI },
  anthropic: { entry: { kind: 'anthropic' }, basePath: '', key: NO_KEY, answer: answerAnthropic },
  gemini: { entry: { kind: 'gemini' }, basePath: '', key: NO_KEY, answer: answerGemini },
  bedrock: {
    entry: { kind: 'bedrock', region: 'us-east-1' },
    basePath: '',
    key: { accessKeyId: 'the-simulator-needs-no-key', secretAccessKey: 'the-simulator-needs-no-key' },
    answer: answerBedrock,
  },
};

export interface Simulator {
  /** Provider entries and aliases that make `simulated/NAME` a model. */
  readonly config: Pick<GatewayConfig, 'models' | 'providers'>;
  readonly keyRing: KeyRing;
  close(): Promise<void>;
}

/** Serves the simulated vendors over loopback, as real HTTP upstreams. */
export async function startSimulator(): Promise<Simulator> {
  const server = createServer((request, response) => {
    answer(request, response).catch(() => refuse(response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const vendors = Object.entries(VENDORS);
  const entry = ([name, { entry, basePath }]: (typeof vendors)[number]) =>
    [`simulated-${name}`, { ...entry, baseUrl: `${origin}/${name}${basePath}` }] as const;
  return {
    config: {
      providers: Object.fromEntries(vendors.map(entry)),
      models: Object.fromEntries(
        vendors.map(([name]) => [`simulated/${name}`, [{ model: `simulated-${name}/simulated` }]]),
      ),
    },
    keyRing: new FixedKeyRing(new Map(vendors.map(([name, { key }]) => [`simulated-${name}`, [key]]))),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** What is no request of the vendor's, or broke off: the simulator goes on for the others. */
function refuse(response: ServerResponse): void {
  if (response.headersSent) response.destroy();
  else sendJson(response, 400, { error: { message: 'The simulator can not read this request.' } });
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const match = /^\/([a-z]+)(\/.*)$/.exec(request.url ?? '');
  const vendor = match?.[1] === undefined ? undefined : VENDORS[match[1]];
  if (vendor === undefined) {
    response.writeHead(404).end();
    return;
  }
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += chunk;
  await vendor.answer((match?.[2] ?? '').slice(vendor.basePath.length), body, response);
}
