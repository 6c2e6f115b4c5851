import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ProviderKey } from '../../../lambda/providers/provider.ts';
import { FixedKeyRing } from '../../../lambda/stores/fixed-key-ring.ts';
import { otlpRequestLog } from '../../../lambda/stores/otlp-request-log.ts';
import type { RequestLog } from '../../../lambda/stores/request-log.ts';
import { type Answer, type FakeUpstream, sendJson, startUpstream } from '../../support/fake-upstream.ts';
import { lastReceived } from '../../support/openai-upstream.ts';
import { contentOf, spanIn } from '../../support/otlp.ts';
import { requestRecord } from '../../support/request-record.ts';

let collector: FakeUpstream;
let answer: Answer;
beforeEach(async () => {
  answer = (_, response) => sendJson(response, {});
  collector = await startUpstream((...call) => answer(...call));
});
afterEach(() => collector.close());

function logOf(environment: Record<string, string>, configured?: string, secret?: ProviderKey): RequestLog {
  const ring = new FixedKeyRing(new Map(secret === undefined ? [] : [['otlp', [secret]]]));
  const log = otlpRequestLog(configured, environment, ring);
  if (log === undefined) throw new Error('no collector is configured');
  return log;
}
const general = () => ({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.origin });
const parentOf = (parent: string) => requestRecord({ target: { parent } });

describe('where spans go', () => {
  test('is nowhere unless somebody says so', () => {
    const ring = new FixedKeyRing(new Map());
    expect(otlpRequestLog(undefined, {}, ring)).toBeUndefined();
    expect(otlpRequestLog(undefined, { OTEL_EXPORTER_OTLP_ENDPOINT: '' }, ring)).toBeUndefined();
  });

  test.each<[string, (at: string) => [Record<string, string>, string | undefined], string]>([
    ['gateway.json', (at) => [{}, at], '/v1/traces'],
    [
      'the general variable, before gateway.json',
      (at) => [{ OTEL_EXPORTER_OTLP_ENDPOINT: at }, 'http://127.0.0.1:9'],
      '/v1/traces',
    ],
    [
      'the general variable with a path',
      (at) => [{ OTEL_EXPORTER_OTLP_ENDPOINT: `${at}/otel/` }, undefined],
      '/otel/v1/traces',
    ],
    [
      'the variable of traces, as it is',
      (at) => [
        {
          OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${at}/mine`,
          OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
        },
        undefined,
      ],
      '/mine',
    ],
  ])('is told by %s', async (_, told, path) => {
    await logOf(...told(collector.origin)).write(requestRecord());
    expect(lastReceived(collector)).toMatchObject({ method: 'POST', url: path });
  });

  test.each(['ftp://x', 'collector', 'http://user:pass@x'])(
    '%s is a mistake of the operator’s',
    (endpoint) => {
      expect(() => logOf({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint })).toThrow(/OTEL_EXPORTER_OTLP_ENDPOINT/);
    },
  );
});

describe('what is sent', () => {
  test('is one span by the rules of OTLP, its content whole', async () => {
    const content = 'ü👋\u0000"\\ '.repeat(100_000);
    await logOf(general()).write(requestRecord({ input: { messages: [{ role: 'user', content }] } }));
    const { body, headers } = lastReceived(collector);
    expect(headers['content-type']).toBe('application/json');
    const messages = JSON.parse(String(contentOf(spanIn(body.toString()), 'gen_ai.input.messages')));
    expect(messages[0].parts[0].content === content).toBe(true);
  });

  test.each([
    ['project_name:mine', 'project_name:mine'],
    ['project_name:Größe', 'project_name%3AGr%C3%B6%C3%9Fe'],
    ['project_name:日本', 'project_name%3A%E6%97%A5%E6%9C%AC'],
    ['project_name:half \ud800', 'project_name%3Ahalf%20%EF%BF%BD'],
  ])('names the project %j in a header', async (parent, header) => {
    await logOf(general()).write(parentOf(parent));
    expect(lastReceived(collector).headers['x-bt-parent']).toBe(header);
  });

  test('has the headers of the variable, decoded, and those of the secret before them', async () => {
    const environment = {
      ...general(),
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20variable, x-team = a%3Db ,x-bad=%zz',
    };
    const secret = { authorization: 'Bearer secret' } as ProviderKey;
    await logOf(environment, undefined, secret).write(requestRecord());
    expect(lastReceived(collector).headers).toMatchObject({
      authorization: 'Bearer secret',
      'x-team': 'a=b',
      'x-bad': '%zz',
    });
  });

  test.each(['authorization', '=x', 'a b=c', 'a:b=c'])(
    'the variable %j is refused without a word of it',
    (headers) => {
      const start = () => logOf({ ...general(), OTEL_EXPORTER_OTLP_HEADERS: `${headers},x=canary` });
      expect(start).toThrow(/OTEL_EXPORTER_OTLP_HEADERS/);
      expect(start).not.toThrow(/canary/);
    },
  );
});

describe('a collector that', () => {
  test.each([400, 401, 404, 413, 429, 500, 503])('answers %d has not taken the record', async (status) => {
    answer = (_, response) => sendJson(response, { message: 'canary' }, status);
    await expect(logOf(general()).write(requestRecord())).rejects.toThrow(`the collector answered ${status}`);
  });

  test.each([301, 302, 307, 308])(
    'redirects with %d is not followed: its headers are for one host',
    async (status) => {
      answer = (_, response) =>
        void response.writeHead(status, { location: `${collector.origin}/else` }).end();
      await expect(logOf(general()).write(requestRecord())).rejects.toThrow();
      expect(collector.received.map(({ url }) => url)).toEqual(['/v1/traces']);
    },
  );

  test('breaks the connection has not taken it', async () => {
    answer = (_, __, message) => void message.socket.resetAndDestroy();
    await expect(logOf(general()).write(requestRecord())).rejects.toThrow();
  });

  test.each<[string, object, boolean]>([
    ['took it', {}, true],
    ['took it with a warning', { partialSuccess: { rejectedSpans: '0', errorMessage: 'old' } }, true],
    ['took nothing', { partialSuccess: { rejectedSpans: '1', errorMessage: 'canary' } }, false],
  ])('answers a success and %s', async (_, body, taken) => {
    answer = (_request, response) => {
      const text = JSON.stringify(body);
      const headers = { 'content-type': 'application/json', 'content-length': text.length };
      response.writeHead(200, headers).end(text);
    };
    const written = logOf(general()).write(requestRecord());
    if (taken) await written;
    else await expect(written).rejects.toThrow('the collector rejected the span');
  });

  test('answers a body without end has answered', async () => {
    answer = (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{');
    };
    await logOf(general()).write(requestRecord());
    expect(collector.received).toHaveLength(1);
  });
});
