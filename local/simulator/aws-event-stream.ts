import { crc32 } from 'node:zlib';

const STRING = 7;

/**
 * One `application/vnd.amazon.eventstream` message; string headers are all that is needed to simulate.
 * https://smithy.io/2.0/aws/amazon-eventstream.html
 */
export function encodeMessage(headers: Readonly<Record<string, string>>, payload: Uint8Array): Buffer {
  const head = Buffer.concat(Object.entries(headers).map(([name, value]) => encodeHeader(name, value)));
  const total = 12 + head.byteLength + payload.byteLength + 4;
  const prelude = Buffer.alloc(12);
  prelude.writeUInt32BE(total, 0);
  prelude.writeUInt32BE(head.byteLength, 4);
  prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8);
  const whole = Buffer.concat([prelude, head, payload, Buffer.alloc(4)]);
  whole.writeUInt32BE(crc32(whole.subarray(0, total - 4)), total - 4);
  return whole;
}

/** An event as the services send it: its type in a header, its JSON as the payload. */
export function encodeEvent(type: string, payload: object): Buffer {
  return encodeMessage(
    { ':event-type': type, ':content-type': 'application/json', ':message-type': 'event' },
    Buffer.from(JSON.stringify(payload)),
  );
}

/** A failure in the middle of a stream. */
export function encodeException(type: string, payload: object): Buffer {
  return encodeMessage(
    { ':exception-type': type, ':content-type': 'application/json', ':message-type': 'exception' },
    Buffer.from(JSON.stringify(payload)),
  );
}

function encodeHeader(name: string, value: string): Buffer {
  const nameBytes = Buffer.from(name);
  const valueBytes = Buffer.from(value);
  const lengths = Buffer.alloc(2);
  lengths.writeUInt16BE(valueBytes.byteLength);
  return Buffer.concat([
    Buffer.from([nameBytes.byteLength]),
    nameBytes,
    Buffer.from([STRING]),
    lengths,
    valueBytes,
  ]);
}
