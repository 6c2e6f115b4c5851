import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { countersOf } from '../../lambda/gateway/limits/counters.ts';
import { type TableStores, tableStoresAt } from '../../lambda/stores/aws.ts';
import { LOCAL_TABLES } from '../../local/dynamodb.ts';
import { type DeployedFunction, deployFunction } from '../support/deployed-function.ts';
import { chatStream, completion, SSE, sendJson } from '../support/fake-upstream.ts';
import type { EventKind } from '../support/lambda-hosts.ts';

/** What the function writes must be written when the invocation ends, since Lambda freezes it then. */
let deployed: DeployedFunction;
let tables: TableStores;

beforeAll(async () => {
  deployed = await deployFunction((request, response) => {
    const { stream, stream_options: options } = JSON.parse(request.body.toString());
    if (stream !== true) sendJson(response, completion('whole'));
    else response.writeHead(200, SSE).end(chatStream(['in ', 'pieces'], options?.include_usage === true));
  });
  tables = tableStoresAt(deployed.dynamodb, LOCAL_TABLES);
});

afterAll(async () => {
  await deployed.stop();
  tables.client.destroy();
});

describe.each<EventKind>(['function-url', 'rest'])('behind %s', (kind) => {
  const post = async (path: string, body: object, key?: string) => {
    const headers = {
      'content-type': 'application/json',
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    };
    const call = deployed.call(kind, path, { method: 'POST', headers, body: JSON.stringify(body) });
    const response = await call.response;
    const text = await response.text();
    await call.finished;
    return { status: response.status, cached: response.headers.get('x-bt-cached'), text };
  };
  const question = (more: object) => ({
    model: 'gpt-test',
    temperature: 0,
    messages: [{ role: 'user', content: `Behind ${kind}` }],
    ...more,
  });

  test('an answer is in the cache when its invocation ends, and is given again in the other form', async () => {
    const entries = async () => (await tables.cache.stats()).entries;
    const known = await entries();
    expect(await post('/v1/chat/completions', question({ stream: true }))).toMatchObject({ cached: 'MISS' });
    expect(await entries()).toBe(known + 1);
    const hit = await post('/v1/chat/completions', question({}));
    expect(hit.cached).toBe('HIT');
    expect(JSON.parse(hit.text).choices[0].message.content).toBe('in pieces');
  });

  test('a credential is minted, used and counted when its invocation ends', async () => {
    const minted = await post('/v1/credentials', { model: 'gpt-test', max_requests: 2, ttl_seconds: 600 });
    const { key } = JSON.parse(minted.text) as { key: string };
    const { jti, exp } = JSON.parse(Buffer.from(key.split('.')[1] ?? '', 'base64url').toString());
    const [life] = countersOf({ subject: `cred#${jti}`, maxRequests: 2, expiresAt: exp }, Date.now());
    for (const requests of [1, 2]) {
      expect((await post('/v1/chat/completions', question({ temperature: 1 }), key)).status).toBe(200);
      expect(await tables.usage.read(life?.counter.id ?? '')).toMatchObject({ requests });
    }
    expect((await post('/v1/chat/completions', question({ temperature: 1 }), key)).status).toBe(429);
    expect((await post('/v1/chat/completions', question({ model: 'gpt-other' }), key)).status).toBe(403);
    await tables.credentials.revokeCredential(jti);
  });
});
