/** Values of any shape of the API, for tests that go through all operations. Timestamps are epoch milliseconds, as everywhere in Berth. */
import type { RandomStream } from "../lib/random.ts";
import type { Shape, StructureShape } from "./shapes.ts";

/** `all`: every member is there. `some`: each is there or not by chance, lists and maps may be empty. */
export type Filling = "all" | "some";

const texts = [
  "default",
  "",
  'a "quoted" \\ text',
  "naïve 🚢 ünïcode",
  "line\nand\ttab\u0000",
  "__proto__",
  "</script>",
  "constructor",
];
const numbers = [0, 1, -1, 80, 65_535, 2_147_483_647, Number.MAX_SAFE_INTEGER, 0.5, 99.95];
const documents = [{ a: [1, "b", { c: false }] }, "text", 7, true, [], {}];
const times = [0, 1_534_810_936_284, 1_534_810_936_000, 1_234, 4_102_444_800_001];

/** A value of `shape`, drawn from `random`. */
export function sampleValue(shape: Shape, random: RandomStream, filling: Filling): unknown {
  switch (shape.kind) {
    case "string":
      return draw(texts, random);
    case "number":
      return draw(numbers, random);
    case "boolean":
      return random.chance(0.5);
    case "timestamp":
      return draw(times, random);
    case "document":
      return structuredClone(draw<unknown>(documents, random));
    case "list":
      return Array.from({ length: lengthOf(random, filling) }, () => sampleValue(shape.member, random, filling));
    case "map": {
      const entries = Array.from({ length: lengthOf(random, filling) }, () => [
        draw(texts, random),
        sampleValue(shape.value, random, filling),
      ]);
      return Object.fromEntries(entries);
    }
    case "structure":
      return sampleStructure(shape, random, filling);
  }
}

/** A value of a structure; of a union exactly one member is set. */
export function sampleStructure(
  shape: StructureShape,
  random: RandomStream,
  filling: Filling,
): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  const all = [...shape.members];
  const chosen = shape.isUnion ? [draw(all, random)] : all;
  for (const [name, member] of chosen) {
    if (filling === "some" && !shape.isUnion && random.chance(0.5)) continue;
    value[name] = sampleValue(member, random, filling);
  }
  return value;
}

function lengthOf(random: RandomStream, filling: Filling): number {
  return filling === "all" ? 1 + random.below(2) : random.below(3);
}

function draw<T>(items: readonly T[], random: RandomStream): T {
  return items[random.below(items.length)] as T;
}
