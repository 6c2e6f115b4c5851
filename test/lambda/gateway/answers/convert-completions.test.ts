import { sendJson } from '../../../support/fake-upstream.ts';
import { brokenStream, signal, TextReader, write, writeHead } from '../../../support/stage.ts';
import { MODELS, saying, startVendors, type VendorStage, vendorOf } from '../../../support/vendor-stage.ts';
import { WIRES } from '../../../support/vendor-wire.ts';

const PROMPT = 'a question';
const REPLY = 'an answer';

let stage: VendorStage;
beforeAll(async () => {
  stage = await startVendors();
});
beforeEach(() => {
  stage.upstream.received.length = 0;
});
afterAll(() => stage.stop());

describe('/completions on a chat model of another family', () => {
  const complete = (more: object) => stage.gateway.post('/completions', { model: MODELS.anthropic, ...more });

  test('the answer is a completion', async () => {
    stage.answer = saying({ text: REPLY });
    const response = await complete({ prompt: PROMPT, max_tokens: 5 });
    expect(await response.json()).toMatchObject({
      object: 'text_completion',
      choices: [{ text: REPLY, index: 0, finish_reason: 'stop', logprobs: null }],
      usage: { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 },
    });
    const content = [{ type: 'text', text: PROMPT }];
    expect(stage.sent()).toEqual([
      { model: MODELS.anthropic, max_tokens: 5, messages: [{ role: 'user', content }] },
    ]);
  });

  test('as a stream, several prompts one after another, usage summed up', async () => {
    stage.answer = saying({ text: 'one two' }, { text: 'three four' });
    const response = await complete({
      prompt: ['a', 'b'],
      stream: true,
      stream_options: { include_usage: true },
    });
    const data = (await response.text())
      .split('\n\n')
      .filter(Boolean)
      .map((frame) => frame.slice('data: '.length));
    expect(data.pop()).toBe('[DONE]');
    const chunks = data.map(
      (json) =>
        JSON.parse(json) as { object: string; choices: { index: number; text: string }[]; usage?: object },
    );
    const texts = [0, 1].map((index) =>
      chunks
        .flatMap(({ choices }) => choices.filter((choice) => choice.index === index))
        .map(({ text }) => text)
        .join(''),
    );
    expect(texts).toEqual(['one two', 'three four']);
    expect(chunks.every(({ object }) => object === 'text_completion')).toBe(true);
    expect(chunks.at(-1)).toMatchObject({
      choices: [],
      usage: { prompt_tokens: 10, completion_tokens: 14, total_tokens: 24 },
    });
    expect(chunks.filter(({ usage }) => usage)).toHaveLength(1);
  });

  test('an error in the stream stays an error', async () => {
    stage.answer = (request, response) => {
      const { contentType, frames, errorFrame } = WIRES[vendorOf(request)];
      const sent = [...frames({ text: 'one two three' }).slice(0, 4), errorFrame(529, 'Overloaded')];
      response.writeHead(200, { 'content-type': contentType }).end(Buffer.concat(sent));
    };
    const text = await (await complete({ prompt: 'a', stream: true })).text();
    expect(text).toContain('"one');
    expect(text).toMatch(/data: \{"error":\{"message":"Overloaded"[^\n]*\n\n$/);
    expect(text).not.toContain('[DONE]');
  });

  test('a later prompt that fails in its stream is closed, and what was spent is counted once', async () => {
    const closed = signal();
    stage.answer = async (request, response, message) => {
      const { contentType, frames, errorFrame } = WIRES.anthropic;
      if (stage.upstream.received.length === 1) return saying({ text: 'one' })(request, response, message);
      response.on('close', closed.give);
      writeHead(response, { 'content-type': contentType });
      // It says that it failed, and stays.
      await write(
        response,
        Buffer.concat([...frames({ text: 'two' }).slice(0, 3), errorFrame(529, 'Overloaded')]),
      );
    };
    const { error } = brokenStream(await (await complete({ prompt: ['a', 'b'], stream: true })).text());
    expect(error.message).toBe('Overloaded');
    await closed.given;
    const failed = stage.gateway.lines.filter((line) => line.includes('"stream failed"')).at(-1);
    expect(JSON.parse(failed ?? '{}')).toMatchObject({ promptTokens: 10, completionTokens: 8 });
  });

  test('a later prompt that is refused leaves the first one’s usage as it was', async () => {
    stage.answer = (request, response, message) => {
      if (stage.upstream.received.length === 1) return saying({ text: 'one' })(request, response, message);
      sendJson(response, WIRES.anthropic.error(400, 'no'), 400);
    };
    const { before, error } = brokenStream(
      await (await complete({ prompt: ['a', 'b'], stream: true })).text(),
    );
    expect(before).toContain('one');
    expect(error.message).toBe('no');
    const failed = stage.gateway.lines.filter((line) => line.includes('"stream failed"')).at(-1);
    expect(JSON.parse(failed ?? '{}')).toMatchObject({ promptTokens: 5, completionTokens: 7 });
  });

  test('a caller who leaves in a later prompt ends that one', async () => {
    const closed = signal();
    stage.answer = async (request, response, message) => {
      if (stage.upstream.received.length === 1) return saying({ text: 'one' })(request, response, message);
      response.on('close', closed.give);
      writeHead(response, { 'content-type': WIRES.anthropic.contentType });
      await write(response, Buffer.concat(WIRES.anthropic.frames({ text: 'two three' }).slice(0, 3)));
    };
    const reader = new TextReader(await complete({ prompt: ['a', 'b'], stream: true }));
    await reader.until('two');
    await reader.cancel();
    await closed.given;
    expect(stage.upstream.received).toHaveLength(2);
  });
});
