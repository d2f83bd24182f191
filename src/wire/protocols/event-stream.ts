import { crc32 } from "node:zlib";

/** The content type of answers that are streams of events. */
export const eventStreamType = "application/vnd.amazon.eventstream";

/** Before and behind the headers and the payload of a frame: two lengths, the prelude's checksum, and the frame's. */
const preludeBytes = 12;
const checksumBytes = 4;
/** The type of a header whose value is a string. */
const stringHeader = 7;

/** The frame of an event with a JSON payload. AWS: application/vnd.amazon.eventstream. */
export function eventFrame(eventType: string, payload: object): Buffer {
  const headers = { ":message-type": "event", ":event-type": eventType, ":content-type": "application/json" };
  return frame(headers, JSON.stringify(payload));
}

/** The frame that ends a stream with an error of the API. */
export function exceptionFrame(code: string, message: string): Buffer {
  const headers = { ":message-type": "exception", ":exception-type": code, ":content-type": "application/json" };
  return frame(headers, JSON.stringify({ message }));
}

function frame(headers: Readonly<Record<string, string>>, payload: string): Buffer {
  const head = Buffer.concat(Object.entries(headers).map(([name, value]) => headerBytes(name, value)));
  const body = Buffer.from(payload);
  const total = preludeBytes + head.length + body.length + checksumBytes;
  const prelude = Buffer.alloc(preludeBytes);
  prelude.writeUInt32BE(total, 0);
  prelude.writeUInt32BE(head.length, 4);
  prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8);
  const whole = Buffer.concat([prelude, head, body, Buffer.alloc(checksumBytes)], total);
  whole.writeUInt32BE(crc32(whole.subarray(0, total - checksumBytes)), total - checksumBytes);
  return whole;
}

function headerBytes(name: string, value: string): Buffer {
  const length = Buffer.byteLength(value);
  const bytes = Buffer.alloc(1 + name.length + 3 + length);
  let at = bytes.writeUInt8(name.length, 0);
  at += bytes.write(name, at, "latin1");
  at = bytes.writeUInt8(stringHeader, at);
  at = bytes.writeUInt16BE(length, at);
  bytes.write(value, at);
  return bytes;
}
