import type { RandomStream } from "../../src/lib/random.ts";

/**
 * JSON texts of values that a member rarely expects. They are texts so that numbers can be larger than JavaScript can represent.
 */
const hostileJson = [
  "null",
  "true",
  "0",
  "-1",
  "0.1",
  "1e400",
  "-1e400",
  "9007199254740993",
  "99999999999999999999999",
  "2147483648",
  "-2147483649",
  "2147483647",
  "65536",
  "1e300",
  "-1e300",
  "1e308",
  "8640000000000",
  "-8640000000000",
  "253402300800",
  '""',
  '" "',
  '"\\u0000"',
  '"\\ud800"',
  '"__proto__"',
  '"constructor"',
  '"toString"',
  '"arn:"',
  '"arn:aws:ecs:::"',
  '"a/b/c:d"',
  '"%s%n{x}"',
  '"NaN"',
  '"-0"',
  "[]",
  "{}",
  "[null]",
  "[[]]",
  '[{"name":null}]',
  '{"__proto__":{"x":1}}',
  '{"constructor":{"prototype":1}}',
  '{"toString":null,"hasOwnProperty":1}',
];

/** Lengths around the limits of texts, up to what a body has room for. */
const longTexts = [255, 256, 300, 1_025, 2_048, 2_049, 16_385, 65_537, 240_000];

/** Replaced in a value by a piece of JSON text that JavaScript cannot represent. */
const placeholder = (index: number): string => `\u0001raw${index}\u0001`;

/** A body made from `request` by a few changes of its members, lists and values. */
export function mutatedJson(request: unknown, references: readonly string[], random: RandomStream): string {
  const raw: string[] = [];
  let value = structuredClone(request);
  const changes = random.below(4);
  for (let i = 0; i < changes; i++) {
    const spots = spotsOf(value);
    const spot = spots[random.below(spots.length)];
    if (spot === undefined) break;
    value = changed(value, spot, references, random, raw);
  }
  let text = JSON.stringify(value) ?? "null";
  raw.forEach((json, index) => {
    text = text.replaceAll(JSON.stringify(placeholder(index)), () => json);
  });
  return text;
}

type Spot = readonly (string | number)[];

function spotsOf(value: unknown): Spot[] {
  const spots: Spot[] = [];
  const collect = (inner: unknown, at: Spot): void => {
    spots.push(at);
    if (typeof inner !== "object" || inner === null) return;
    for (const [name, member] of Object.entries(inner))
      collect(member, [...at, Array.isArray(inner) ? Number(name) : name]);
  };
  collect(value, []);
  return spots;
}

function changed(
  root: unknown,
  spot: Spot,
  references: readonly string[],
  random: RandomStream,
  raw: string[],
): unknown {
  const last = spot.at(-1);
  if (last === undefined) return random.chance(0.9) ? withUnknownMember(root, random) : hostile(random, raw);
  let holder = root as Record<string | number, unknown>;
  for (const step of spot.slice(0, -1)) holder = holder[step] as Record<string | number, unknown>;
  switch (random.below(6)) {
    case 0:
      if (Array.isArray(holder)) holder.splice(Number(last), 1);
      else delete holder[last];
      break;
    case 1:
      holder[last] = multiplied(holder[last], random);
      break;
    case 2:
      holder[last] = references[random.below(references.length)];
      break;
    case 3:
      // Members in another case are other members.
      if (typeof last === "string") holder[last.toUpperCase()] = holder[last];
      break;
    default:
      holder[last] = hostile(random, raw);
  }
  return root;
}

function withUnknownMember(root: unknown, random: RandomStream): unknown {
  if (typeof root !== "object" || root === null || Array.isArray(root)) return root;
  const names = ["unknown", "constructor", "hasOwnProperty", "cluster", "nextToken", "maxResults", "clientToken"];
  return { ...root, [names[random.below(names.length)] as string]: [1, "x", {}][random.below(3)] };
}

function multiplied(value: unknown, random: RandomStream): unknown {
  const times = [2, 11, 101, 1_000][random.below(4)] as number;
  if (Array.isArray(value)) return Array.from({ length: times }, (_, i) => value[i % Math.max(1, value.length)]);
  if (typeof value === "string") return value.repeat(times).slice(0, 20_000);
  if (typeof value === "number") return value * times;
  return [value];
}

function hostile(random: RandomStream, raw: string[]): unknown {
  const kind = random.below(20);
  if (kind === 0) return addRaw(raw, "[".repeat(5_000) + "]".repeat(5_000));
  if (kind === 1) return addRaw(raw, `${'{"a":'.repeat(63)}1${"}".repeat(63)}`);
  if (kind === 2) return "é🚢\u0000".repeat(random.below(3_000));
  if (kind === 3) return (random.chance(0.5) ? "x" : "7").repeat(longTexts[random.below(longTexts.length)] ?? 0);
  return addRaw(raw, hostileJson[random.below(hostileJson.length)] as string);
}

function addRaw(raw: string[], json: string): string {
  raw.push(json);
  return placeholder(raw.length - 1);
}

/** `body` with some of its bytes lost, doubled or replaced. */
export function mutatedBytes(body: Uint8Array, random: RandomStream): Uint8Array {
  const bytes = [...body.subarray(0, 4_000)];
  const changes = 1 + random.below(3);
  for (let i = 0; i < changes; i++) {
    const at = random.below(bytes.length + 1);
    switch (random.below(6)) {
      case 0:
        bytes.length = at;
        break;
      case 1:
        bytes.splice(at, 1 + random.below(8));
        break;
      case 2:
        bytes.splice(at, 0, ...[0xff, 0xfe, 0xc0, 0x80]);
        break;
      case 3:
        bytes.splice(at, 0, ...bytes.slice(at, at + random.below(64)));
        break;
      default:
        if (at < bytes.length) bytes[at] = random.below(256);
    }
  }
  return Uint8Array.from(bytes);
}
