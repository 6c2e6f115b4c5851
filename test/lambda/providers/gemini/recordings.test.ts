import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, relative, resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../../../../lambda/openai/wire.ts';
import { chunksOf, expectValidResponse, expectValidStream, responseOf } from './replay.ts';

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

describe.each(streams)('The recorded stream %s', (_name, events) => {
  test('becomes valid chunks with whole tool calls, one finish each and a usage that adds up', () => {
    expectValidStream(chunksOf(events));
  });

  test('keeps the total that Gemini counts', () => {
    const total = events.findLast((event) => totalOf(event) !== undefined);
    const usage = chunksOf(events).at(-1)?.usage;
    if (total !== undefined) expect(usage?.total_tokens).toBe(totalOf(total));
  });
});

describe.each(answers)('The recorded answer %s', (_name, answer) => {
  test('becomes a valid answer with the total that Gemini counts', () => {
    const response = responseOf(answer);
    expectValidResponse(response);
    expect(response.usage?.total_tokens).toBe(totalOf(answer));
  });
});

function totalOf(event: JsonObject): number | undefined {
  return (event.usageMetadata as { totalTokenCount?: number } | undefined)?.totalTokenCount;
}
