import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { outputPieces, sinceOf } from "./log-frames.ts";

const at = "2026-11-28T15:38:34.086579352Z";

function frame(source: 1 | 2, text: string): Buffer {
  const content = Buffer.from(`${at} ${text}`);
  const header = Buffer.alloc(8);
  header[0] = source;
  header.writeUInt32BE(content.length, 4);
  return Buffer.concat([header, content]);
}

async function piecesOf(bytes: Buffer, cuts: readonly number[], hasTerminal = false) {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    let from = 0;
    for (const to of [...cuts, bytes.length].toSorted((a, b) => a - b)) {
      if (to > from && to <= bytes.length) yield bytes.subarray(from, to);
      from = Math.max(from, to);
    }
  }
  const found: (readonly [string, string, string])[] = [];
  for await (const piece of outputPieces(chunks(), hasTerminal)) {
    found.push([piece.source, piece.at, Buffer.from(piece.bytes).toString()]);
  }
  return found;
}

describe("the output that an engine sends", () => {
  it("is the same however it is cut", async () => {
    const bytes = Buffer.concat([frame(1, "one\n"), frame(2, "two\n"), frame(1, ""), frame(1, "last")]);
    const whole = [
      ["stdout", at, "one\n"],
      ["stderr", at, "two\n"],
      ["stdout", at, ""],
      ["stdout", at, "last"],
    ];
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 12 }), async (cuts) => {
        assert.deepEqual(await piecesOf(bytes, cuts), whole);
      }),
    );
  });

  it("has no frames if the container has a terminal", async () => {
    const bytes = Buffer.from(`${at} one\r\n${at} two\r\n${at} $ `);
    for (const cuts of [[], [5], [40, 41]]) {
      assert.deepEqual(
        (await piecesOf(bytes, cuts, true)).map(([, , text]) => text),
        ["one\r\n", "two\r\n", "$ "],
      );
    }
  });

  it("is refused in another form", async () => {
    const foreign = Buffer.alloc(2_000_000, 0xff);
    await assert.rejects(piecesOf(foreign, []), /unknown form/);
    assert.deepEqual(await piecesOf(Buffer.from("no time\n"), [], true), []);
  });
});

it("a time becomes seconds and nanoseconds", () => {
  assert.equal(sinceOf(at), `${Date.UTC(2026, 10, 28, 15, 38, 34) / 1_000}.086579352`);
  assert.equal(sinceOf("2026-11-28T15:38:34Z"), `${Date.UTC(2026, 10, 28, 15, 38, 34) / 1_000}.000000000`);
  assert.equal(sinceOf("yesterday"), null);
});
