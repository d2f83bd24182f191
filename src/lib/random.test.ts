import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "./random.ts";

const draws = (seed: string, name: string) => {
  const stream = seededRandom(seed).stream(name);
  return Array.from({ length: 5 }, () => stream.uint32());
};

test("equal seeds and names give equal streams, others give others", () => {
  assert.deepEqual(draws("s", "a"), draws("s", "a"));
  const streams = [draws("s", "a"), draws("s", "b"), draws("t", "a"), draws("", "")];
  assert.equal(new Set(streams.map(String)).size, streams.length);
});

test("draws of one stream change no draw of another", () => {
  const random = seededRandom("s");
  for (let i = 0; i < 100; i++) random.stream("b").uint32();
  const stream = random.stream("a");
  assert.deepEqual(
    Array.from({ length: 5 }, () => stream.uint32()),
    draws("s", "a"),
  );
  assert.equal(random.stream("a"), stream, "each name has one stream, which continues");
});

test("below is uniform over its range and never outside", () => {
  const stream = seededRandom("below").stream("x");
  const counts = Array.from({ length: 7 }, () => 0);
  for (let i = 0; i < 7_000; i++) {
    const drawn = stream.below(7);
    counts[drawn] = (counts[drawn] ?? Number.NaN) + 1;
  }
  assert.equal(counts.length, 7);
  const chiSquared = counts.reduce((sum, count) => sum + (count - 1_000) ** 2 / 1_000, 0);
  // 6 degrees of freedom: 22.5 is exceeded once in a thousand.
  assert.ok(chiSquared < 22.5, String(chiSquared));
  assert.equal(stream.below(1), 0);
});

test("each bit of a draw is set as often as not", () => {
  const stream = seededRandom("bits").stream("x");
  const set = Array.from({ length: 32 }, () => 0);
  for (let i = 0; i < 4_000; i++) {
    const drawn = stream.uint32();
    for (let bit = 0; bit < 32; bit++) set[bit] = (set[bit] ?? 0) + ((drawn >>> bit) & 1);
  }
  for (const count of set) assert.ok(Math.abs(count - 2_000) < 150, String(set));
});

test("hex digits and UUIDs have their form and do not repeat", () => {
  const stream = seededRandom("ids").stream("x");
  for (const digits of [1, 8, 17, 32]) assert.match(stream.hex(digits), new RegExp(`^[0-9a-f]{${digits}}$`));
  const uuids = new Set(Array.from({ length: 1_000 }, () => stream.uuid()));
  assert.equal(uuids.size, 1_000);
  for (const uuid of uuids) assert.match(uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test("chance keeps its probability, and 0 and 1 are certain", () => {
  const stream = seededRandom("chance").stream("x");
  const hits = (p: number) => Array.from({ length: 4_000 }, () => stream.chance(p)).filter(Boolean).length;
  assert.deepEqual([hits(0), hits(1)], [0, 4_000]);
  assert.ok(Math.abs(hits(0.25) - 1_000) < 110);
});
