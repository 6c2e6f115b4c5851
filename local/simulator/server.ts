import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { GatewayConfig, ProviderEntry } from '../../lambda/config.ts';
import { answerOpenAI } from './openai.ts';

/** One simulated vendor: answers a request in that vendor's own wire format, or says that it can not. */
export type SimulatedVendor = (path: string, body: string, response: ServerResponse) => Promise<void>;

const VENDORS: Readonly<Record<string, { kind: string; basePath: string; answer: SimulatedVendor }>> = {
  openai: { kind: 'openai-compatible', basePath: '/v1', answer: answerOpenAI },
};

export interface Simulator {
  /** Provider entries and aliases that make `simulated/NAME` a model. */
  readonly config: Pick<GatewayConfig, 'models'> & {
    readonly providers: Readonly<Record<string, ProviderEntry>>;
  };
  close(): Promise<void>;
}

/** Serves the simulated vendors over loopback, as real HTTP upstreams. */
export async function startSimulator(): Promise<Simulator> {
  const server = createServer((request, response) => {
    void answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const entries = Object.entries(VENDORS);
  return {
    config: {
      providers: Object.fromEntries(
        entries.map(([name, { kind, basePath }]) => [
          `simulated-${name}`,
          { kind, baseUrl: `${origin}/${name}${basePath}` },
        ]),
      ),
      models: Object.fromEntries(
        entries.map(([name]) => [`simulated/${name}`, [{ model: `simulated-${name}/simulated` }]]),
      ),
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
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
