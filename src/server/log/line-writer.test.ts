import assert from "node:assert/strict";
import { once } from "node:events";
import { Writable } from "node:stream";
import { test } from "node:test";
import { LineWriter } from "./line-writer.ts";

const missing = (lines: number): string => `${lines} missing\n`;

/** A stream whose reader reads nothing until the test says so. */
function blockedStream() {
  const got: string[] = [];
  const gate = Promise.withResolvers<void>();
  const stream = new Writable({
    decodeStrings: false,
    highWaterMark: 16,
    write: (chunk: string, _encoding, done) => void gate.promise.then(() => done(void got.push(chunk))),
  });
  return { stream, got, read: gate.resolve };
}

test("unread lines are limited and counted, and a line says where they are missing", async () => {
  const { stream, got, read } = blockedStream();
  const writer = new LineWriter({ stream, missing, waitingBytesMax: 1_000 });
  for (let line = 0; line < 100_000; line++) writer.write(`line ${line}\n`);
  assert.ok(stream.writableLength <= 1_000);
  const kept = got.length;
  assert.equal(kept, 0);
  const drained = once(stream, "drain");
  read();
  await drained;
  await writer.flush(1_000);
  const lines = got.join("").trim().split("\n");
  const dropped = Number(lines.at(-1)?.split(" ")[0]);
  assert.equal(lines.at(-1), `${dropped} missing`);
  assert.equal(lines.length - 1 + dropped, 100_000);
  writer.write("after it\n");
  await writer.flush(1_000);
  assert.ok(got.join("").endsWith(" missing\nafter it\n"));
});

test("the end waits for a reader that reads, and not for one that doesn't", async () => {
  const { stream } = blockedStream();
  const writer = new LineWriter({ stream, missing });
  writer.write("line\n");
  await writer.flush(20);
  assert.equal(stream.writableLength, 5);
});

test("a reader that goes away ends only its own lines", async () => {
  let written = 0;
  const write = (_chunk: unknown, _encoding: string, done: (error: Error) => void): void => {
    written += 1;
    done(new Error("EPIPE"));
  };
  const stream = new Writable({ write });
  const writer = new LineWriter({ stream, missing });
  writer.write("line\n");
  await new Promise<void>((resolve) => stream.once("close", resolve));
  writer.write("line\n");
  await writer.flush(1_000);
  assert.deepEqual([written, stream.writableLength], [1, 0], "nothing is tried or kept for a reader that is gone");
});
