import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, relative, resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../../../../lambda/openai/wire.ts';
import { assembled, chunksOf, expectValidResponse, expectValidStream, responseOf } from './replay.ts';

/** Recorded traffic, kept outside of the project. */
const FOLDER = resolve(process.env.SLUICE_FIXTURES ?? '../shared/fixtures');

const streams: [name: string, events: JsonObject[]][] = [];
const answers: [name: string, answer: JsonObject][] = [];

if (existsSync(FOLDER)) {
  for (const file of globSync(`${FOLDER}/vercel-ai/google*/*.chunks.txt`)) {
    const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
    streams.push([relative(FOLDER, file), lines.map((line) => JSON.parse(line))]);
  }
  const files = [
    ...globSync(`${FOLDER}/vercel-ai/google*/*.json`),
    ...globSync(`${FOLDER}/lingua/snapshots/*/google/*response*.json`),
    ...globSync(`${FOLDER}/lingua/transforms/*_to_google/*.json`),
  ];
  for (const file of files) {
    const json: unknown = JSON.parse(readFileSync(file, 'utf8'));
    const name = relative(FOLDER, file);
    if (Array.isArray(json)) streams.push([name, json]);
    else if (typeof json === 'object' && json !== null && 'candidates' in json)
      answers.push([name, json as JsonObject]);
  }
}

if (streams.length === 0)
  test.skip(`recorded traffic of Gemini is replayed: ${basename(FOLDER)} is not there`, () => undefined);

const whole = streams.filter(([, events]) => events.some(finishes));
/** One recording was cut off by whoever made it: in the middle of a word, with no finish reason. */
const cut = streams.filter(([, events]) => !events.some(finishes));

if (whole.length > 0)
  describe.each(whole)('The recorded stream %s', (_name, events) => {
    test('becomes valid chunks with whole tool calls, one finish each and the total that Gemini counts', () => {
      const chunks = chunksOf(events);
      expectValidStream(chunks);
      const total = events.map(totalOf).findLast((found) => found !== undefined);
      if (total !== undefined) expect(chunks.at(-1)?.usage?.total_tokens).toBe(total);
    });

    test('says the same as one answer', () => {
      const { choices } = responseOf(joined(events));
      const streamed = assembled(chunksOf(events));
      expect(streamed.content).toBe(choices[0]?.message.content ?? '');
      expect(streamed.thoughts).toBe(choices[0]?.message.reasoning_content ?? '');
    });
  });

if (cut.length > 0)
  test.each(cut)('The cut-off stream %s is an error, not an end', (_name, events) => {
    expect(() => chunksOf(events)).toThrow('ended its stream before the answer was complete');
  });

if (answers.length > 0)
  test.each(answers)(
    'The recorded answer %s becomes a valid one with the total that Gemini counts',
    (_name, answer) => {
      const response = responseOf(answer);
      expectValidResponse(response);
      const total = totalOf(answer);
      if (total !== undefined) expect(response.usage?.total_tokens).toBe(total);
    },
  );

interface Wire {
  candidates?: { content?: { parts?: JsonObject[] }; finishReason?: string }[];
  usageMetadata?: { totalTokenCount?: number };
}

function finishes(event: JsonObject): boolean {
  return ((event as Wire).candidates ?? []).some(({ finishReason }) => finishReason !== undefined);
}

/** The first candidate's parts of all events in one. */
function joined(events: JsonObject[]): JsonObject {
  const parts = events.flatMap((event) => (event as Wire).candidates?.[0]?.content?.parts ?? []);
  return { candidates: [{ content: { parts } }] };
}

function totalOf(event: JsonObject): number | undefined {
  return (event as Wire).usageMetadata?.totalTokenCount;
}
