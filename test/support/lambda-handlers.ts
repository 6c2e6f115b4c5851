/**
 * Small streaming handlers that the support's own tests run both under the shim and under Lambda's runtime client.
 * Each is asked for by the path. Needs the global `awslambda` when it is imported.
 */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Context, LambdaFunctionURLEvent } from 'aws-lambda';

type Stream = awslambda.HttpResponseStream;

const { HttpResponseStream, streamifyResponse } = awslambda;

const begin = (stream: Stream, statusCode = 200, more: object = {}) =>
  HttpResponseStream.from(stream, { statusCode, headers: { 'content-type': 'text/plain' }, ...more });

const PLAYS: Record<
  string,
  (stream: Stream, event: LambdaFunctionURLEvent, context: Context) => Promise<void>
> = {
  async json(raw) {
    const stream = begin(raw, 201, {
      headers: { 'content-type': 'application/json', 'x-one': '1', 'content-length': '7' },
      cookies: ['a=1; Path=/', 'b=2'],
    });
    stream.write('{"a":');
    stream.end('1}');
  },
  async 'multi-value'(raw) {
    begin(raw, 200, { multiValueHeaders: { 'x-two': ['1', '2'] } }).write('.');
    raw.end();
  },
  async empty(raw) {
    const stream = begin(raw, 404);
    stream.write('');
    stream.end();
  },
  async 'end-only'(raw) {
    begin(raw, 403).end('never seen');
  },
  async nothing(raw) {
    begin(raw).end();
  },
  async binary(raw) {
    const stream = begin(raw);
    stream.write(Buffer.alloc(16));
    stream.write(Uint8Array.from({ length: 256 }, (_, i) => i));
    stream.end();
  },
  async object(raw) {
    begin(raw).write({ a: [1] });
    raw.end();
  },
  async pipeline(raw) {
    await pipeline(Readable.from(['one', 'two', 'three']), begin(raw));
  },
  async 'own-type'(stream) {
    stream.setContentType('text/x-own');
    stream.write('no prelude');
    stream.end();
  },
  async 'throw-first'(raw) {
    begin(raw);
    throw new TypeError('before anything was sent');
  },
  async 'throw-mid'(raw) {
    const stream = begin(raw);
    stream.write('one');
    stream.write('two');
    throw new TypeError('in the middle');
  },
  async 'throw-late'(raw) {
    begin(raw).write('whole');
    raw.end();
    throw new Error('after the end');
  },
  async 'too-late'(stream) {
    stream.write('no prelude');
    begin(stream);
  },
  async 'not-ended'(raw) {
    begin(raw).write('one');
  },
  async destroyed(raw) {
    begin(raw).write('one');
    raw.destroy();
  },
  async backpressure(raw) {
    const stream = begin(raw);
    const full = 'x'.repeat(stream.writableHighWaterMark);
    stream.write('small');
    for (let i = 0; i < 4; i += 1) {
      if (!stream.write(full)) await new Promise((resolve) => stream.once('drain', resolve));
    }
    stream.end();
  },
  /** Sends each next piece only once the test lets it: each GET of `?gate=` is answered when the test says so. */
  async gated(raw, event) {
    const stream = begin(raw);
    const gate = event.queryStringParameters?.gate ?? '';
    stream.write('one');
    await fetch(gate);
    stream.write('two');
    await fetch(gate);
    stream.end();
    await fetch(gate);
  },
  async echo(raw, event) {
    begin(raw).write(Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8'));
    raw.end();
  },
  async environment(raw, _event, context) {
    begin(raw).write(JSON.stringify({ ...process.env, left: context.getRemainingTimeInMillis() }));
    raw.end();
  },
  async exit() {
    process.exit(3);
  },
  async 'exit-mid'(raw) {
    const stream = begin(raw);
    await new Promise((resolve) => stream.write('one', resolve));
    process.exit(3);
  },
};

export const handler = streamifyResponse(
  async (event: LambdaFunctionURLEvent & { path?: string }, stream, context) => {
    const name = (event.rawPath ?? event.path ?? '').slice(1);
    await PLAYS[name]?.(stream, event, context);
  },
);

/** Lambda refuses it: not wrapped, and it takes a callback. */
export const callback = (_event: unknown, _context: unknown, done: () => void) => done();
