import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { UserFolder } from '../support/local-process.ts';

const SLUICE = join(import.meta.dirname, '../../bin/sluice.ts');
const user = new UserFolder();
afterAll(() => user.remove());

test('what the cache did is counted also where the gateway is stopped right after', async () => {
  const gateway = user.run();
  const banner = await gateway.started();
  const ask = async () => {
    const messages = [{ role: 'user', content: 'Hello' }];
    const body = { model: 'simulated/anthropic', temperature: 0, messages };
    const answer = await banner.post('/chat/completions', banner.key, body);
    await answer.text();
    return answer.headers.get('x-bt-cached');
  };
  expect([await ask(), await ask()]).toEqual(['MISS', 'HIT']);
  expect((await gateway.stop()).code).toBe(0);
  const { stdout } = await user.run({}, [SLUICE, 'cache', 'stats', '--json']).exit();
  const { entries, counts } = JSON.parse(stdout);
  expect(entries).toBe(1);
  const [{ hit, shared, ...others }] = Object.values<Record<string, number>>(counts) as [
    Record<string, number>,
  ];
  expect(others).toEqual({ miss: 1, skip: 0, failed: 0 });
  // While the first answer is still being written, the second one shares it.
  expect((hit ?? 0) + (shared ?? 0)).toBe(1);
});
