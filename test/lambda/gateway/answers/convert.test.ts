import { inParallel } from '../../../../lambda/gateway/answers/in-parallel.ts';
import type { Answer } from '../../../support/fake-upstream.ts';
import { brokenStream, errorOf, signal, TextReader, write, writeHead } from '../../../support/stage.ts';
import {
  FAMILIES,
  MODELS,
  saying,
  startVendors,
  streamed,
  type VendorStage,
  vendorOf,
} from '../../../support/vendor-stage.ts';
import { type Said, WIRES, type WireName } from '../../../support/vendor-wire.ts';

const SAID: Said = {
  thought: { text: 'hm ø', signature: 'c2ln' },
  text: 'Hi Ærlig 😀 end',
  calls: [{ id: 'toolu_1', name: 'weather', input: { city: 'Århus' } }],
};
const TOOLS = [{ type: 'function', function: { name: 'weather', parameters: { type: 'object' } } }];

let stage: VendorStage;
beforeAll(async () => {
  stage = await startVendors({ config: { retries: { attempts: 1 } } });
});
beforeEach(() => {
  stage.upstream.received.length = 0;
});
afterAll(() => stage.stop());

const ask = (family: WireName, content = 'Hello', more: object = {}, init?: RequestInit) =>
  stage.gateway.post(
    '/chat/completions',
    { model: MODELS[family], messages: [{ role: 'user', content }], tools: TOOLS, stream: true, ...more },
    init,
  );

interface Chunk {
  id: string;
  choices: {
    delta: {
      content?: string;
      reasoning_content?: string;
      tool_calls?: { function: { arguments?: string } }[];
    };
    finish_reason: string | null;
  }[];
}

/** What a stream says, whatever its ids are. Fails where it does not end well. */
function saidIn(text: string) {
  const data = text
    .split('\n\n')
    .filter(Boolean)
    .map((frame) => frame.replace(/^data: /, ''));
  if (data.pop() !== '[DONE]') throw new Error(`no end in ${text}`);
  const chunks = data.map((json) => JSON.parse(json) as Chunk);
  const choices = chunks.flatMap((chunk) => chunk.choices);
  return {
    ids: new Set(chunks.map(({ id }) => id)).size,
    thought: choices.map(({ delta }) => delta.reasoning_content ?? '').join(''),
    text: choices.map(({ delta }) => delta.content ?? '').join(''),
    input: choices
      .flatMap(({ delta }) => delta.tool_calls ?? [])
      .map((call) => call.function.arguments ?? '')
      .join(''),
    finish: choices.map(({ finish_reason }) => finish_reason).filter(Boolean),
  };
}

const WHOLE = {
  ids: 1,
  thought: 'hm ø',
  text: 'Hi Ærlig 😀 end',
  input: '{"city":"Århus"}',
  finish: ['tool_calls'],
};

/** Sends the first part, and the rest as a network chunk of its own. */
const cutAt =
  (bytes: Buffer): Answer =>
  async (request, response) => {
    const cut = Number(/cut (\d+)/.exec(request.body.toString())?.[1]);
    writeHead(response, { 'content-type': WIRES[vendorOf(request)].contentType });
    response.socket?.setNoDelay(true);
    await write(response, bytes.subarray(0, cut));
    response.end(bytes.subarray(cut));
  };

describe.each(FAMILIES)('%s', (family) => {
  const wire = WIRES[family];
  const frames = wire.frames(SAID);
  const bytes = Buffer.concat(frames);
  /** The first part of the answer: its text has begun, and is not at its end. */
  const begun = Buffer.concat(frames.slice(0, frames.findIndex((frame) => frame.includes('rlig')) + 1));

  test('a stream cut at any byte says the same', async () => {
    stage.answer = cutAt(bytes);
    const cuts = Array.from({ length: bytes.byteLength - 1 }, (_, i) => i + 1);
    const wrong = await inParallel(cuts, 16, async (cut) => {
      const found = saidIn(await (await ask(family, `cut ${cut}`)).text());
      return JSON.stringify(found) === JSON.stringify(WHOLE) ? undefined : { cut, found };
    });
    expect(wrong.filter(Boolean)).toEqual([]);
  });

  test('a stream that comes byte by byte says the same', async () => {
    stage.answer = async (_, response) => {
      writeHead(response, { 'content-type': wire.contentType });
      for (const byte of bytes) await write(response, Buffer.of(byte));
      response.end();
    };
    expect(saidIn(await (await ask(family)).text())).toEqual(WHOLE);
  });

  test('the first text is here while the vendor still produces', async () => {
    const more = signal();
    stage.answer = async (_, response) => {
      writeHead(response, { 'content-type': wire.contentType });
      await write(response, begun);
      await more.given;
      response.end(bytes.subarray(begun.byteLength));
    };
    const reader = new TextReader(await ask(family));
    await reader.until('rlig');
    more.give();
    expect(saidIn(await reader.rest())).toEqual(WHOLE);
  });

  test.each([
    ['is reset', (response) => response.destroy(), 'upstream_reset'],
    ['ends before its last event', (response) => response.end(), 'upstream_incomplete'],
    [
      'sends garbage',
      (response) => response.end(family === 'bedrock' ? 'x'.repeat(64) : 'data: {"half\n\ndata: {}\n\n'),
      family === 'bedrock' ? 'upstream_reset' : 'upstream_invalid_response',
    ],
  ] as [string, (response: Parameters<Answer>[1]) => void, string][])(
    'a vendor that %s in the middle: the text so far, then an error, and no end mark',
    async (_, fail, code) => {
      const seen = signal();
      stage.answer = async (_request, response) => {
        writeHead(response, { 'content-type': wire.contentType });
        await write(response, begun);
        await seen.given;
        fail(response);
      };
      const reader = new TextReader(await ask(family));
      await reader.until('rlig');
      seen.give();
      const { before, error } = brokenStream(await reader.rest());
      expect(before).toContain('rlig');
      expect(before).not.toContain('[DONE]');
      expect(before).not.toContain('"finish_reason":"');
      expect(error.code).toBe(code);
    },
  );

  test('a vendor that is overloaded at once is a true 503, in the middle an error frame', async () => {
    const overloaded = wire.errorFrame(529, 'Overloaded');
    stage.answer = streamed([overloaded]);
    const response = await ask(family);
    expect(response.status).toBe(503);
    expect(await errorOf(response)).toMatchObject({ message: 'Overloaded' });
    stage.answer = streamed([begun, overloaded, bytes.subarray(begun.byteLength)]);
    const later = await ask(family);
    expect(later.status).toBe(200);
    const { before, error } = brokenStream(await later.text());
    expect(before).toMatch(/rlig/);
    expect(before).not.toContain(' end');
    expect(error.message).toBe('Overloaded');
  });

  test('an empty stream, and one of nothing but noise, are a true 502', async () => {
    for (const noise of ['', ': ping\n\n', 'data: hello\n\n']) {
      stage.answer = streamed([Buffer.from(noise)]);
      const response = await ask(family);
      expect(response.status).toBe(502);
      expect((await errorOf(response)).code).toMatch(/^upstream_(incomplete|reset)$/);
    }
  });

  test('a caller who leaves ends the vendor’s answer too', async () => {
    const closed = signal();
    stage.answer = async (_, response) => {
      response.on('close', closed.give);
      writeHead(response, { 'content-type': wire.contentType });
      await write(response, begun);
    };
    const reader = new TextReader(await ask(family));
    await reader.until('rlig');
    await reader.cancel();
    await closed.given;
    expect(stage.upstream.received).toHaveLength(1);
  });

  test('64 streams at once stay apart', async () => {
    stage.answer = (request, response, message) => {
      const [, name = ''] = /only (\w+)/.exec(request.body.toString()) ?? [];
      return saying({ text: `${name} ${`${name} `.repeat(20)}done` })(request, response, message);
    };
    const names = Array.from({ length: 64 }, (_, i) => `name${i}x`);
    const texts = await Promise.all(
      names.map(async (name) => saidIn(await (await ask(family, `say only ${name}`)).text()).text),
    );
    expect(texts).toEqual(names.map((name) => `${name} ${`${name} `.repeat(20)}done`));
  });
});
