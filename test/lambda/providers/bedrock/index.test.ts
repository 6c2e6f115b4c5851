import {
  ENDPOINTS,
  endpointUrl,
  MANTLE_ENDPOINTS,
  regionOfHost,
  serviceOfHost,
} from '../../../../lambda/providers/bedrock/endpoints.ts';
import type { UpstreamRequest } from '../../../../lambda/providers/provider.ts';
import { callOf, provider, routeOf, thrownBy } from './support.ts';

const IAM = { accessKeyId: 'akid', secretAccessKey: 'no-secret' };
const ARN = 'arn:aws:bedrock:ap-south-1:123456789012:application-inference-profile/abc';

function urlFor(settings: object, key: Record<string, string> = {}, model = 'amazon.nova-lite-v1:0'): string {
  const of = provider(settings);
  return of.encodeRequest(callOf({}), routeOf(model, key, of)).url;
}

describe('the URL', () => {
  test.each([
    [{ region: 'eu-west-1' }, {}, 'https://bedrock-runtime.eu-west-1.amazonaws.com'],
    [{ region: 'eu-west-1' }, { region: 'us-west-2' }, 'https://bedrock-runtime.us-west-2.amazonaws.com'],
    [{ region: 'cn-north-1' }, {}, 'https://bedrock-runtime.cn-north-1.amazonaws.com.cn'],
    [{ region: 'us-gov-west-1' }, {}, 'https://bedrock-runtime.us-gov-west-1.amazonaws.com'],
    [{ baseUrl: 'http://127.0.0.1:9/bedrock' }, {}, 'http://127.0.0.1:9/bedrock'],
    [{ baseUrl: 'http://127.0.0.1:9' }, { baseUrl: 'http://127.0.0.1:10/' }, 'http://127.0.0.1:10'],
  ])('of %j and the key %j is below %s', (settings, key, base) => {
    expect(urlFor(settings, key)).toBe(`${base}/model/amazon.nova-lite-v1%3A0/converse`);
  });

  test("of an ARN is in the ARN's region, all of it in one path segment", () => {
    expect(urlFor({ region: 'eu-west-1' }, { region: 'us-west-2' }, ARN)).toBe(
      'https://bedrock-runtime.ap-south-1.amazonaws.com/model/arn%3Aaws%3Abedrock%3Aap-south-1%3A123456789012%3Aapplication-inference-profile%2Fabc/converse',
    );
  });

  test.each([[undefined], ['evil.example.com/'], ['']])('needs a region that is one: %j', (region) => {
    expect(thrownBy(() => urlFor({ region }))).toMatchObject({
      status: 404,
      code: 'provider_not_configured',
    });
  });

  test('stays below the base for raw calls', () => {
    const call = { method: 'POST', target: '/model/x/converse?a=1', headers: { 'x-a': 'b' }, body: null };
    expect(provider().encodeRaw(call, {})).toEqual({
      method: 'POST',
      url: 'https://bedrock-runtime.us-east-1.amazonaws.com/model/x/converse?a=1',
      headers: { 'x-a': 'b' },
      body: null,
    });
    const away = { ...call, target: '@evil.example.com/' };
    expect(thrownBy(() => provider().encodeRaw(away, {}))).toMatchObject({
      status: 400,
      code: 'invalid_path',
    });
  });
});

describe('authorizing', () => {
  const request = (model?: string, settings: object = {}) => {
    const of = provider(settings);
    return of.encodeRequest(callOf({}), routeOf(model, {}, of));
  };

  test('signs for the region that the request goes to', () => {
    const signed = provider().authorize(request(ARN), { ...IAM, region: 'eu-west-1' }) as UpstreamRequest;
    expect(signed.headers.authorization).toMatch(/\/ap-south-1\/bedrock\/aws4_request/);
  });

  test("signs for the key's region where the host tells none", () => {
    const local = request(undefined, { baseUrl: 'http://127.0.0.1:9' });
    const signed = provider().authorize(local, { ...IAM, region: 'eu-west-1' }) as UpstreamRequest;
    expect(signed.headers.authorization).toMatch(/\/eu-west-1\/bedrock\/aws4_request/);
  });

  test('sends an API key as a bearer', () => {
    const signed = provider().authorize(request(), { apiKey: 'bedrock-key' }) as UpstreamRequest;
    expect(signed.headers.authorization).toBe('Bearer bedrock-key');
  });
});

describe('media at a URL', () => {
  test.each([
    ['https://example.com/a.png', true],
    ['HTTP://example.com/a.png', true],
    ['s3://bucket/a.png', false],
    ['data:image/png;base64,AA==', false],
  ])('%s must be put into the request: %j', (url, needed) => {
    expect(provider().needsInline?.(url, routeOf())).toBe(needed);
  });
});

describe("AWS's endpoints", () => {
  test('are signed for the service that each is', () => {
    const all = [...Object.values(ENDPOINTS), ...Object.values(MANTLE_ENDPOINTS)];
    for (const endpoint of all) {
      const { hostname } = new URL(endpointUrl(endpoint, 'eu-central-1'));
      expect(serviceOfHost(hostname)).toBe(endpoint.service);
      expect(regionOfHost(hostname)).toBe('eu-central-1');
    }
  });

  test.each([
    ['bedrock-runtime-fips.us-gov-west-1.amazonaws.com', 'us-gov-west-1'],
    ['vpce-0a1b-xyz.bedrock-runtime.us-east-1.vpce.amazonaws.com', 'us-east-1'],
    ['127.0.0.1', undefined],
    ['proxy.example.com', undefined],
  ])('%s is in %s', (hostname, region) => {
    expect(regionOfHost(hostname)).toBe(region);
  });
});
