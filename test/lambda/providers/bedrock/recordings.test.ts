import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { InvalidRequest } from '../../../../lambda/errors.ts';
import type { JsonObject } from '../../../../lambda/openai/wire.ts';
import type { Turn } from '../../../../lambda/providers/bedrock/wire.ts';
import { EventStreamDecoder, eventOf } from '../../../../lambda/streams/aws-event-stream.ts';
import { encodeEvent } from '../../../../local/simulator/aws-event-stream.ts';
import { sharedFixture } from '../../../support/shared-fixtures.ts';
import { assemble, checkResponse } from './chunk-rules.ts';
import { answered, CLAUDE, encoded, NOVA, streamed } from './support.ts';

/** Recorded Bedrock traffic. Ids in it are redacted in part: no test looks at an id's value. */
const FOLDERS = [
  'vercel-ai/amazon-bedrock',
  'agentgateway/bedrock',
  'apisix',
  'lingua/transforms/chat-completions_to_bedrock',
  ...snapshots(),
].map(sharedFixture);

/** What the same cases were asked in OpenAI's words. */
const requests = snapshotNames()
  .map((name) => ({ name, path: sharedFixture(`lingua/snapshots/${name}/chat-completions/request.json`) }))
  .filter(({ path }) => existsSync(path));

function snapshotNames(): string[] {
  const root = sharedFixture('lingua/snapshots');
  return existsSync(root) ? readdirSync(root) : [];
}

function snapshots(): string[] {
  return snapshotNames().map((name) => `lingua/snapshots/${name}/bedrock`);
}

interface Recording {
  readonly name: string;
  readonly path: string;
}

const files: Recording[] = FOLDERS.filter((folder) => existsSync(folder)).flatMap((folder) =>
  readdirSync(folder).map((file) => ({
    name: join(basename(join(folder, '..')), basename(folder), file),
    path: join(folder, file),
  })),
);

const read = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));
const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const answers = files.filter(({ path }) => {
  if (!path.endsWith('.json')) return false;
  const json = read(path);
  return isObject(json) && isObject(json.output);
});

const streams: (Recording & { events: object[] })[] = [
  ...files
    .filter(({ path }) => path.endsWith('.chunks.txt'))
    .map((file) => ({ ...file, events: lines(file.path) })),
  ...files
    .filter(({ path }) => path.endsWith('.bin'))
    .map((file) => ({ ...file, events: messages(readFileSync(file.path)) })),
  ...files
    .filter(({ path }) => path.endsWith('streaming.json'))
    .map((file) => ({ ...file, events: read(file.path) as object[] }))
    .filter(({ events }) => Array.isArray(events)),
];

function lines(path: string): object[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as object);
}

function messages(bytes: Uint8Array): object[] {
  const decoder = new EventStreamDecoder();
  const events = decoder.push(bytes).flatMap((message) => eventOf(message) ?? []);
  decoder.end();
  return events;
}

const JSON_ANSWER = { response_format: { type: 'json_object' } };
const WITH_USAGE = { stream_options: { include_usage: true } };

/** The requests that a recorded answer may have been given to. */
const REQUESTS = [
  ['a plain request', {}],
  ['a request for JSON', JSON_ANSWER],
] as const;

const when = files.length > 0 ? describe : describe.skip;

const whenRequests = requests.length > 0 ? describe : describe.skip;

whenRequests('recorded requests (skipped where the shared fixtures are absent)', () => {
  describe.each([CLAUDE, NOVA, 'openai.gpt-oss-120b-1:0', 'newmaker.model-1'])('to %s', (model) => {
    test.each(requests)('$name is encoded, or refused by the name of a field', ({ path }) => {
      const request = read(path) as object;
      try {
        checkTurns(encoded(request, model).messages as unknown as Turn[]);
      } catch (error) {
        expect(error).toBeInstanceOf(InvalidRequest);
        expect((error as InvalidRequest).param).toEqual(expect.stringMatching(/./));
      }
    });
  });
});

/** Converse's rules for turns: the user first, roles in turn, no blank text. */
function checkTurns(turns: readonly Turn[]): void {
  for (const [index, turn] of turns.entries()) {
    expect(turn.role).toBe(index % 2 === 0 ? 'user' : 'assistant');
    expect(turn.content).not.toHaveLength(0);
    for (const block of turn.content) if ('text' in block) expect(block.text).toMatch(/\S/);
  }
}

when('recorded answers (skipped where the shared fixtures are absent)', () => {
  test('are all there', () => {
    expect(answers.length).toBeGreaterThan(30);
    expect(streams.length).toBeGreaterThan(40);
  });

  describe.each(REQUESTS)('to %s', (_, request) => {
    test.each(answers)('$name becomes a valid answer', ({ path }) => {
      const answer = read(path) as JsonObject;
      const response = answered(answer, request);
      checkResponse(response);
      const wire = answer.usage as { inputTokens: number; outputTokens: number } | undefined;
      if (wire !== undefined) expect(response.usage?.completion_tokens).toBe(wire.outputTokens);
    });

    test.each(streams)('$name becomes a valid stream', ({ events }) => {
      const whole = assemble(streamed(events, { ...request, ...WITH_USAGE }));
      expect(whole.usage === undefined).toBe(!events.some((event) => 'metadata' in event));
      if (request === JSON_ANSWER) return;
      expect(whole.content).toBe(deltasOf(events, 'text'));
      expect(whole.calls).toHaveLength(startsOf(events));
    });
  });

  test.each(streams)('$name reads the same from bytes that are cut anywhere', ({ events: recorded }) => {
    const bytes = Buffer.concat(
      recorded.map((event) => {
        const [type, payload] = Object.entries(event)[0] ?? ['', {}];
        return encodeEvent(type, payload as object);
      }),
    );
    const expected = JSON.stringify(messages(bytes));
    // Every cut of a short stream, and some hundred of a long one.
    const step = Math.ceil(bytes.byteLength / 800);
    for (let cut = 0; cut < bytes.byteLength; cut += step) {
      const decoder = new EventStreamDecoder();
      const cutMessages = [...decoder.push(bytes.subarray(0, cut)), ...decoder.push(bytes.subarray(cut))];
      decoder.end();
      const events = JSON.stringify(cutMessages.flatMap((message) => eventOf(message) ?? []));
      if (events !== expected) throw new Error(`cut at ${cut}, the stream reads otherwise`);
    }
  });
});

function deltasOf(events: readonly object[], kind: string): string {
  return events
    .map(
      (event) =>
        (event as { contentBlockDelta?: { delta?: Record<string, unknown> } }).contentBlockDelta?.delta?.[
          kind
        ] ?? '',
    )
    .join('');
}

function startsOf(events: readonly object[]): number {
  return events.filter(
    (event) =>
      'toolUse' in ((event as { contentBlockStart?: { start?: object } }).contentBlockStart?.start ?? {}),
  ).length;
}
