/** Runs the loads in rounds: each round visits every target once, in an order that turns by one from round to round. */
import { encodeRequest } from './http-client.ts';
import { runLoad } from './load.ts';
import { cpuMilliseconds } from './process-usage.ts';
import { type Sample, type Scenario, TARGETS, type Target } from './scenarios.ts';
import { CLIENT_KEY, type Server } from './servers.ts';

/** The gateway is missing where it could not be started. */
export type Servers = Partial<Record<Target, Server>>;

/** Per target the samples in the order of the rounds. */
export type Samples = Partial<Record<Target, Sample[]>>;

async function sample(scenario: Scenario, target: Target, server: Server, seconds: number): Promise<Sample> {
  const { path, body } = scenario.request(target);
  const request = encodeRequest(server.port, path, CLIENT_KEY, body);
  try {
    const before = cpuMilliseconds(server.pid);
    const end = scenario.endsWith;
    const endsWith = typeof end === 'string' ? end : end[target];
    const result = await runLoad({ ...scenario, endsWith, port: server.port, request, seconds });
    return { ...result, cpuMs: cpuMilliseconds(server.pid) - before };
  } catch (cause) {
    throw new Error(`${scenario.id}, ${target}: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  }
}

/** What is cold runs several times slower: each server gets each scenario's share of `seconds` before anything counts. */
export async function warmUp(
  scenarios: readonly Scenario[],
  servers: Servers,
  seconds: number,
): Promise<void> {
  for (const scenario of scenarios.filter(({ warmUp }) => warmUp > 0)) {
    for (const target of TARGETS) {
      const server = servers[target];
      // The mock does so little that it warms in no time, and it warms with every other target besides.
      const share = target === 'direct' ? scenario.warmUp / 4 : scenario.warmUp;
      if (server) await sample(scenario, target, server, seconds * share);
    }
  }
}

export async function runRounds(
  scenario: Scenario,
  servers: Servers,
  rounds: number,
  pace: number,
): Promise<Samples> {
  const samples: Samples = {};
  for (let round = 0; round < rounds; round += 1) {
    for (let step = 0; step < TARGETS.length; step += 1) {
      const target = TARGETS[(round + step) % TARGETS.length];
      const server = target && servers[target];
      if (!server) continue;
      const list = samples[target] ?? [];
      samples[target] = list;
      list.push(await sample(scenario, target, server, scenario.seconds * pace));
    }
  }
  return samples;
}
