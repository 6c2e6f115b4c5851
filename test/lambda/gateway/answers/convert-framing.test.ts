import { brokenStream, signal, write, writeHead } from '../../../support/stage.ts';
import { FAMILIES, MODELS, startVendors, streamed, type VendorStage } from '../../../support/vendor-stage.ts';
import { WIRES, type WireName } from '../../../support/vendor-wire.ts';

const body = (family: WireName) => ({
  model: MODELS[family],
  messages: [{ role: 'user', content: 'Hello' }],
  stream: true,
});

describe('Bedrock’s framing', () => {
  let stage: VendorStage;
  beforeAll(async () => {
    stage = await startVendors();
  });
  afterAll(() => stage.stop());
  const ask = () => stage.gateway.post('/chat/completions', body('bedrock'));

  test('a frame with a wrong checksum ends the stream with an error, what came before kept', async () => {
    const frames = WIRES.bedrock.frames({ text: 'one two three four' });
    const damaged = Buffer.from(frames[3] as Buffer);
    damaged.writeUInt8(damaged.readUInt8(damaged.byteLength - 20) ^ 1, damaged.byteLength - 20);
    stage.answer = streamed([...frames.slice(0, 3), damaged, ...frames.slice(4)]);
    const { before, error } = brokenStream(await (await ask()).text());
    expect(before).toContain('two');
    expect(before).not.toContain('three');
    expect(error.code).toBe('upstream_reset');
  });

  test('an exception that throttles in the middle tells so', async () => {
    const frames = WIRES.bedrock.frames({ text: 'one two three four' });
    stage.answer = streamed([...frames.slice(0, 3), WIRES.bedrock.errorFrame(429, 'Too many requests')]);
    const { before, error } = brokenStream(await (await ask()).text());
    expect(before).toContain('two');
    expect(error).toMatchObject({ message: 'Too many requests', type: 'rate_limit_error' });
  });
});

describe('a vendor that falls silent', () => {
  let hasty: VendorStage;
  beforeAll(async () => {
    hasty = await startVendors({ config: { timeouts: { idleMs: 40 }, retries: { attempts: 1 } } });
  });
  afterAll(() => hasty.stop());

  test.each(FAMILIES)('%s: an error frame after idleMs, and its connection is closed', async (family) => {
    const closed = signal();
    const { contentType, frames } = WIRES[family];
    hasty.answer = async (_, response) => {
      response.on('close', closed.give);
      writeHead(response, { 'content-type': contentType });
      await write(response, Buffer.concat(frames({ text: 'one two three four' }).slice(0, -2)));
    };
    const response = await hasty.gateway.post('/chat/completions', body(family));
    expect(brokenStream(await response.text()).error).toMatchObject({ code: 'upstream_timeout' });
    await closed.given;
  });
});
