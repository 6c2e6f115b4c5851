export type HeaderValue = boolean | number | bigint | string | Buffer | Date;

/**
 * The headers of one event-stream message, undefined where they are damaged: each is a name (length in one byte), a type
 * and a value. https://smithy.io/2.0/aws/amazon-eventstream.html#headers
 */
export function readHeaders(bytes: Buffer): Record<string, HeaderValue> | undefined {
  const headers: Record<string, HeaderValue> = {};
  try {
    for (let at = 0; at < bytes.byteLength; ) {
      const nameEnd = at + 1 + bytes.readUInt8(at);
      const { value, next } = readValue(bytes, nameEnd);
      if (next > bytes.byteLength) return undefined;
      headers[bytes.toString('utf8', at + 1, nameEnd)] = value;
      at = next;
    }
  } catch {
    // A read past the end, or a type that does not exist.
    return undefined;
  }
  return headers;
}

function readValue(bytes: Buffer, at: number): { value: HeaderValue; next: number } {
  const start = at + 1;
  switch (bytes.readUInt8(at)) {
    case 0:
      return { value: true, next: start };
    case 1:
      return { value: false, next: start };
    case 2:
      return { value: bytes.readInt8(start), next: start + 1 };
    case 3:
      return { value: bytes.readInt16BE(start), next: start + 2 };
    case 4:
      return { value: bytes.readInt32BE(start), next: start + 4 };
    case 5:
      return { value: bytes.readBigInt64BE(start), next: start + 8 };
    case 6: {
      const end = start + 2 + bytes.readUInt16BE(start);
      return { value: bytes.subarray(start + 2, end), next: end };
    }
    case 7: {
      const end = start + 2 + bytes.readUInt16BE(start);
      return { value: bytes.toString('utf8', start + 2, end), next: end };
    }
    case 8:
      return { value: new Date(Number(bytes.readBigInt64BE(start))), next: start + 8 };
    case 9:
      return { value: uuid(bytes.toString('hex', start, start + 16)), next: start + 16 };
    default:
      throw new RangeError('no such header type');
  }
}

function uuid(hex: string): string {
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
