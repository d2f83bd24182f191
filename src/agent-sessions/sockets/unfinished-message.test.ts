import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { UnfinishedMessage } from "./unfinished-message.ts";

type Frame = { readonly opcode: number; readonly isLast: boolean; readonly size: number };

/** A masked frame, as agents send them. */
function bytesOf({ opcode, isLast, size }: Frame): Buffer {
  const head =
    size < 126
      ? [size]
      : size < 65_536
        ? [126, size >> 8, size & 255]
        : [127, 0, 0, 0, 0, 0, size >> 16, (size >> 8) & 255, size & 255];
  head[0] = (head[0] ?? 0) | 0x80;
  return Buffer.concat([Buffer.from([opcode | (isLast ? 0x80 : 0), ...head, 1, 2, 3, 4]), Buffer.alloc(size, 0x81)]);
}

/** Several frames of one message, with a ping between them. */
const message = fc
  .array(fc.constantFrom(0, 1, 125, 126, 127, 300, 65_535, 65_536, 70_000), { minLength: 1, maxLength: 4 })
  .map((sizes): Frame[] =>
    sizes.flatMap((size, index) => [
      { opcode: index === 0 ? 1 : 0, isLast: index === sizes.length - 1, size },
      { opcode: 9, isLast: true, size: index },
    ]),
  );

test("the bytes of a message are counted wherever they are cut, and none are left of a complete one", () => {
  fc.assert(
    fc.property(
      fc.array(message, { maxLength: 3 }),
      message,
      fc.array(fc.nat(400_000), { maxLength: 8 }),
      (complete, last, cuts) => {
        const follow = new UnfinishedMessage();
        const whole = Buffer.concat(complete.flat().map(bytesOf));
        const ends = [...cuts.map((cut) => cut % (whole.length + 1)), whole.length].sort((a, b) => a - b);
        let from = 0;
        for (const end of ends) {
          follow.take(whole.subarray(from, end), 1);
          from = end;
        }
        assert.deepEqual([follow.bytes, follow.since], [0, null]);
        const [first] = last;
        if (first === undefined) return;
        const bytes = bytesOf(first);
        follow.take(bytes.subarray(0, 1), 2);
        assert.deepEqual([follow.bytes, follow.since], [1, 2]);
        follow.take(bytes.subarray(1, -1), 3);
        const unfinished = first.size === 0 ? bytes.length - 1 : first.size - 1;
        assert.deepEqual([follow.bytes, follow.since], [unfinished, 2]);
      },
    ),
  );
});

test("a message continues between its frames, whatever pings come meanwhile", () => {
  const follow = new UnfinishedMessage();
  follow.take(bytesOf({ opcode: 1, isLast: false, size: 1_000 }), 5);
  follow.take(bytesOf({ opcode: 9, isLast: true, size: 100 }), 6);
  assert.deepEqual([follow.bytes, follow.since], [1_000, 5]);
  follow.take(bytesOf({ opcode: 0, isLast: false, size: 0 }), 7);
  assert.deepEqual([follow.bytes, follow.since], [1_000, 5]);
  follow.take(bytesOf({ opcode: 0, isLast: true, size: 50 }), 8);
  assert.deepEqual([follow.bytes, follow.since], [0, null]);
});
