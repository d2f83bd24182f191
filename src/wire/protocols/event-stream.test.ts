import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import { eventFrame, exceptionFrame } from "./event-stream.ts";

/** Reads a frame as its specification says; the SDK's own decoder reads them in tests/conformance. */
function decoded(frame: Buffer): { headers: Record<string, string>; payload: unknown } {
  const headersEnd = 12 + frame.readUInt32BE(4);
  assert.equal(frame.readUInt32BE(0), frame.length);
  assert.equal(frame.readUInt32BE(8), crc32(frame.subarray(0, 8)));
  assert.equal(frame.readUInt32BE(frame.length - 4), crc32(frame.subarray(0, -4)));
  const headers: Record<string, string> = {};
  for (let at = 12; at < headersEnd; ) {
    const name = frame.toString("latin1", at + 1, at + 1 + frame.readUInt8(at));
    at += 1 + name.length;
    assert.equal(frame.readUInt8(at), 7);
    const length = frame.readUInt16BE(at + 1);
    headers[name] = frame.toString("utf8", at + 3, at + 3 + length);
    at += 3 + length;
  }
  return { headers, payload: JSON.parse(frame.toString("utf8", headersEnd, frame.length - 4)) };
}

test("frames have lengths, checksums, headers and a JSON payload", () => {
  assert.deepEqual(decoded(eventFrame("sessionUpdate", { text: "größe 😀" })), {
    headers: { ":message-type": "event", ":event-type": "sessionUpdate", ":content-type": "application/json" },
    payload: { text: "größe 😀" },
  });
  assert.deepEqual(decoded(exceptionFrame("SessionTimeoutException", "over")), {
    headers: {
      ":message-type": "exception",
      ":exception-type": "SessionTimeoutException",
      ":content-type": "application/json",
    },
    payload: { message: "over" },
  });
});
