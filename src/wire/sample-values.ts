/** Values of any shape of the API, for tests that cover all operations. Timestamps are epoch milliseconds, as everywhere in Berth. */
import type { RandomStream } from "../lib/random.ts";
import { isAbsentWhenBlank } from "./blank-members.ts";
import type { NumberRow, TimeRow } from "./number-limits.ts";
import { limitOf } from "./request-limits.ts";
import type { Shape, StructureShape } from "./shapes.ts";
import type { TextRow } from "./text-limits.ts";

/** `all`: every member is present. `some`: each is present or absent at random, and lists and maps may be empty. */
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

/** A member of a structure, to look up its limits. */
type Place = { readonly structure: string; readonly member: string };

/** A value of `shape`, drawn from `random`; with `place`, within that member's limits. */
function sampleValue(shape: Shape, random: RandomStream, filling: Filling, place: Place | null): unknown {
  switch (shape.kind) {
    case "string":
      return draw(textsWithin(shape, place), random);
    case "number":
      return draw(numbersWithin(shape, place), random);
    case "boolean":
      return random.chance(0.5);
    case "timestamp":
      return draw(timesWithin(shape, place), random);
    case "blob":
      return Buffer.from(draw(textsWithin({ kind: "string" }, null), random)).toString("base64");
    case "document":
      return structuredClone(draw<unknown>(documents, random));
    case "list": {
      const item = place === null ? null : { ...place, member: `${place.member}[]` };
      return Array.from({ length: lengthOf(random, filling) }, () => sampleValue(shape.member, random, filling, item));
    }
    case "map": {
      const item = place === null ? null : { ...place, member: `${place.member}{}` };
      const keys = place === null ? texts : texts.filter(isPlain);
      const entries = Array.from({ length: lengthOf(random, filling) }, () => [
        draw(keys, random),
        sampleValue(shape.value, random, filling, item),
      ]);
      return Object.fromEntries(entries);
    }
    case "structure":
      return sampleStructure(shape, random, filling, place !== null);
  }
}

/** A value of a structure; in a union exactly one member is set. `isWithinLimits`: every member is within the limits of requests. */
export function sampleStructure(
  shape: StructureShape,
  random: RandomStream,
  filling: Filling,
  isWithinLimits = false,
): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  const all = [...shape.members];
  const chosen = shape.isUnion ? [draw(all, random)] : all;
  for (const [name, member] of chosen) {
    if (filling === "some" && !shape.isUnion && random.chance(0.5)) continue;
    const place = isWithinLimits ? { structure: shape.name, member: name } : null;
    value[name] = sampleValue(member, random, filling, place);
  }
  return value;
}

const isPlain = (text: string): boolean => !text.includes("\0");

function textsWithin(shape: Shape, place: Place | null): readonly string[] {
  if (place === null) return texts;
  const isBlankAbsent = isAbsentWhenBlank(place.structure, place.member);
  const row = limitOf(shape, place.structure, place.member) as TextRow | null;
  return texts.filter(
    (text) => !(text === "" && isBlankAbsent) && (row === null || (isPlain(text) && text.length <= row.charactersMax)),
  );
}

function numbersWithin(shape: Shape, place: Place | null): readonly number[] {
  const row = place === null ? null : limitOf(shape, place.structure, place.member);
  if (row === null) return numbers;
  const { type, min, max } = row as NumberRow;
  return numbers.filter((value) => value >= min && value <= max && (type === "double" || Number.isInteger(value)));
}

function timesWithin(shape: Shape, place: Place | null): readonly number[] {
  const row = place === null ? null : limitOf(shape, place.structure, place.member);
  if (row === null) return times;
  const { minMs, maxMs } = row as TimeRow;
  return times.filter((ms) => ms >= minMs && ms <= maxMs);
}

function lengthOf(random: RandomStream, filling: Filling): number {
  return filling === "all" ? 1 + random.below(2) : random.below(3);
}

function draw<T>(items: readonly T[], random: RandomStream): T {
  return items[random.below(items.length)] as T;
}
