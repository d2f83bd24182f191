/**
 * Writes `src/wire/sdk-shapes.json` from the installed `@aws-sdk/client-ecs`. The SDK exports a schema for each operation, structure and error
 * of the API: an array that begins with a number for its kind. What these arrays look like is not documented, so they are read here and
 * nowhere else, when we develop and never while Berth runs. `scripts/generate.ts` does it with the pages; run alone, this file needs nothing
 * that reads the shapes, as after a merge that broke them.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import * as sdk from "@aws-sdk/client-ecs";
import { assert, must } from "../src/lib/assert.ts";

const kinds = { error: -3, simple: 0, list: 1, map: 2, structure: 3, union: 4, operation: 9 } as const;
const listModifier = 64;
const mapModifier = 128;
const modifierMask = listModifier | mapModifier;
const simpleNames: ReadonlyMap<unknown, string> = new Map([
  [0, "string"],
  [1, "number"],
  [2, "boolean"],
  [4, "timestamp"],
  [15, "document"],
]);

type Schema = readonly unknown[];

/** The schemas of one kind that the SDK exports, by the name of what they describe, in code-unit order. */
function exported(kind: number): [string, Schema][] {
  return (Object.values(sdk) as readonly unknown[])
    .filter((value): value is Schema => Array.isArray(value) && value[0] === kind && value[1] === "com.amazonaws.ecs")
    .map((schema): [string, Schema] => [String(schema[2]), schema])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Collects the structures that operations and errors lead to, and writes each shape as `src/wire/shapes.ts` reads it. */
class ShapeWriter {
  readonly structures = new Map<string, { readonly schema: Schema; readonly members: Map<string, string> }>();

  /** The shape that a schema stands for, as text. */
  notationOf(reference: unknown): string {
    let schema = reference;
    // In the place of a schema the SDK may have a function that gives it, or a pair of it and its traits.
    for (;;) {
      if (typeof schema === "function") schema = schema();
      else if (Array.isArray(schema) && schema.length === 2) schema = schema[0];
      else break;
    }
    if (typeof schema === "number") return notationOfNumber(schema);
    assert(Array.isArray(schema), "a schema is a number or an array");
    if (schema[0] === kinds.simple) return this.notationOf(schema[4]);
    if (schema[0] === kinds.list) return `${this.notationOf(schema[4])}[]`;
    if (schema[0] === kinds.map) return `map<${this.notationOf(schema[5])}>`;
    return this.#structure(schema);
  }

  #structure(schema: Schema): string {
    const [kind, , named] = schema;
    const known = kind === kinds.union || kind === kinds.structure || kind === kinds.error;
    assert(known, `a schema of the kind ${String(kind)} is none that we know`);
    const name = String(named);
    assert(/^[A-Z]\w*$/.test(name), `${name} is not the name of a structure`);
    const before = this.structures.get(name);
    assert(before === undefined || before.schema === schema, `two structures are named ${name}`);
    if (before !== undefined) return name;
    const members = new Map<string, string>();
    // Remembered before its members are read, for a structure that contains itself.
    this.structures.set(name, { schema, members });
    for (const [i, member] of (schema[4] as readonly string[]).entries()) {
      members.set(member, this.notationOf((schema[5] as readonly unknown[])[i]));
    }
    return name;
  }
}

function notationOfNumber(schema: number): string {
  const simple = must(simpleNames.get(schema & ~modifierMask), `simple schema ${schema}`);
  if ((schema & listModifier) !== 0) return `${simple}[]`;
  return (schema & mapModifier) !== 0 ? `map<${simple}>` : simple;
}

/** The text that `src/wire/sdk-shapes.json` must have. */
export function sdkShapesText(): string {
  const writer = new ShapeWriter();
  const operations = exported(kinds.operation).map(([name, schema]) => [
    name,
    { input: writer.notationOf(schema[4]), output: writer.notationOf(schema[5]) },
  ]);
  const errors = exported(kinds.error).map(([name, schema]) => {
    writer.notationOf(schema);
    const { error, httpError } = schema[3] as { error?: string; httpError?: number };
    return [name, httpError ?? (error === "server" ? 500 : 400)];
  });
  const isUnion = ([, { schema }]: readonly [string, { readonly schema: Schema }]): boolean =>
    schema[0] === kinds.union;
  const byName = [...writer.structures].sort(([a], [b]) => (a < b ? -1 : 1));
  const membersOf = (some: typeof byName): object =>
    Object.fromEntries(some.map(([name, { members }]) => [name, Object.fromEntries(members)]));
  const shapes = {
    madeBy: `scripts/sdk-shapes.ts from @aws-sdk/client-ecs ${sdkVersion()}; do not edit, run npx node scripts/generate.ts`,
    operations: Object.fromEntries(operations),
    errors: Object.fromEntries(errors),
    structures: membersOf(byName.filter((each) => !isUnion(each))),
    unions: membersOf(byName.filter(isUnion)),
  };
  return `${JSON.stringify(shapes, null, 2)}\n`;
}

function sdkVersion(): string {
  const main = createRequire(import.meta.url).resolve("@aws-sdk/client-ecs");
  const { version } = JSON.parse(readFileSync(join(dirname(main), "..", "package.json"), "utf8"));
  return String(version);
}

if (import.meta.main) writeFileSync(new URL("../src/wire/sdk-shapes.json", import.meta.url), sdkShapesText());
