/**
 * Writes the shapes of APIs from the installed clients of the SDK: all of ECS into `src/wire/sdk-shapes.json`, and of each other service what Berth
 * answers into `src/wire/definitions/`. A client exports a schema for each operation, structure and error of its API: an array that begins with a
 * number for its kind. What these arrays look like is not documented, so they are read here and nowhere else, when we develop and never while
 * Berth runs. `scripts/generate.ts` does it with the pages; run alone, this file needs nothing that reads the shapes, as after a merge that broke
 * them.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import * as logs from "@aws-sdk/client-cloudwatch-logs";
import * as ec2 from "@aws-sdk/client-ec2";
import * as ecs from "@aws-sdk/client-ecs";
import * as secretsManager from "@aws-sdk/client-secrets-manager";
import * as ssm from "@aws-sdk/client-ssm";
import * as sts from "@aws-sdk/client-sts";
import { ec2Operations } from "../src/ec2/ec2-operations.ts";
import { assert, must } from "../src/lib/assert.ts";
import { logOperations } from "../src/logs/log-operations.ts";
import { secretsOperations } from "../src/secrets-manager/secrets-operations.ts";
import type { ServiceRows } from "../src/service-machine/service-operation.ts";
import { ssmOperations } from "../src/ssm/ssm-operations.ts";
import { stsOperations } from "../src/sts/sts-operations.ts";

type Source = {
  /** The package of the client. */
  readonly client: string;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly namespace: string;
  /** Whether the API is not in JSON, so that names on the wire matter. */
  readonly isXml: boolean;
  /** The operations that Berth answers, whose shapes are written; null for all of the API. */
  readonly operations: ServiceRows | null;
};

/** By the file that each is written into. */
const sources: Readonly<Record<string, Source>> = {
  "src/wire/sdk-shapes.json": {
    client: "@aws-sdk/client-ecs",
    exports: ecs,
    namespace: "com.amazonaws.ecs",
    isXml: false,
    operations: null,
  },
  "src/wire/definitions/logs.json": {
    client: "@aws-sdk/client-cloudwatch-logs",
    exports: logs,
    namespace: "com.amazonaws.cloudwatchlogs",
    isXml: false,
    operations: logOperations,
  },
  "src/wire/definitions/ec2.json": {
    client: "@aws-sdk/client-ec2",
    exports: ec2,
    namespace: "com.amazonaws.ec2",
    isXml: true,
    operations: ec2Operations,
  },
  "src/wire/definitions/secrets-manager.json": {
    client: "@aws-sdk/client-secrets-manager",
    exports: secretsManager,
    namespace: "com.amazonaws.secretsmanager",
    isXml: false,
    operations: secretsOperations,
  },
  "src/wire/definitions/ssm.json": {
    client: "@aws-sdk/client-ssm",
    exports: ssm,
    namespace: "com.amazonaws.ssm",
    isXml: false,
    operations: ssmOperations,
  },
  "src/wire/definitions/sts.json": {
    client: "@aws-sdk/client-sts",
    exports: sts,
    namespace: "com.amazonaws.sts",
    isXml: true,
    operations: stsOperations,
  },
};

const kinds = { error: -3, simple: 0, list: 1, map: 2, structure: 3, union: 4, operation: 9 } as const;
/** What stands for the output of an operation that has none. */
const unit = "unit";
const listModifier = 64;
const mapModifier = 128;
const modifierMask = listModifier | mapModifier;
const simpleNames: ReadonlyMap<unknown, string> = new Map([
  [0, "string"],
  [1, "number"],
  [2, "boolean"],
  [4, "timestamp"],
  [15, "document"],
  [21, "blob"],
]);

type Schema = readonly unknown[];

/** The schemas of one kind that a client exports, by the name of what they describe, in code-unit order. */
function exported({ exports, namespace }: Source, kind: number): [string, Schema][] {
  return (Object.values(exports) as readonly unknown[])
    .filter((value): value is Schema => Array.isArray(value) && value[0] === kind && value[1] === namespace)
    .map((schema): [string, Schema] => [String(schema[2]), schema])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** What the SDK says about a member besides its shape, as far as it matters on the wire. */
type Traits = {
  readonly xmlName?: string;
  readonly ec2QueryName?: string;
  readonly xmlFlattened?: unknown;
};

/** Collects the structures that operations and errors lead to, and writes each shape as `src/wire/shapes.ts` reads it. */
class ShapeWriter {
  readonly #isXml: boolean;
  readonly structures = new Map<string, { readonly schema: Schema; readonly members: Map<string, string> }>();

  constructor(isXml: boolean) {
    this.#isXml = isXml;
  }

  /** The shape that a schema stands for, as text. */
  notationOf(reference: unknown): string {
    const { schema } = resolved(reference);
    if (typeof schema === "number") return notationOfNumber(schema);
    if (schema === unit) return this.#structure([kinds.structure, "", "Unit", 0, [], []]);
    assert(Array.isArray(schema), "a schema is a number or an array");
    if (schema[0] === kinds.simple) return this.notationOf(schema[4]);
    if (schema[0] === kinds.list) return `${this.notationOf(schema[4])}[${this.#traitsOf(schema[4]).xmlName ?? ""}]`;
    if (schema[0] === kinds.map) return `map<${this.notationOf(schema[5])}>`;
    return this.#structure(schema);
  }

  /** The shape of a member and, behind it, what it is called on the wire if that is not its own name. */
  #memberNotation(reference: unknown): string {
    const { xmlName, ec2QueryName, xmlFlattened } = this.#traitsOf(reference);
    return [
      this.notationOf(reference),
      ...(xmlName === undefined ? [] : [`xml=${xmlName}`]),
      ...(ec2QueryName === undefined ? [] : [`query=${ec2QueryName}`]),
      ...(xmlFlattened === undefined ? [] : ["flat"]),
    ].join(" ");
  }

  #traitsOf(reference: unknown): Traits {
    return this.#isXml ? resolved(reference).traits : {};
  }

  #structure(schema: Schema): string {
    const [kind, , named] = schema;
    const known = kind === kinds.union || kind === kinds.structure || kind === kinds.error;
    assert(known, `a schema of the kind ${String(kind)} is none that we know`);
    const name = String(named);
    assert(/^[A-Z]\w*$/.test(name), `${name} is not the name of a structure`);
    const before = this.structures.get(name);
    assert(before === undefined || before.schema === schema || name === "Unit", `two structures are named ${name}`);
    if (before !== undefined) return name;
    const members = new Map<string, string>();
    // Remembered before its members are read, for a structure that contains itself.
    this.structures.set(name, { schema, members });
    for (const [i, member] of (schema[4] as readonly string[]).entries()) {
      members.set(member, this.#memberNotation((schema[5] as readonly unknown[])[i]));
    }
    return name;
  }
}

/** A schema and its traits: in its place the SDK may have a function that gives it, or a pair of it and its traits. */
function resolved(reference: unknown): { readonly schema: unknown; readonly traits: Traits } {
  let schema = reference;
  let traits: Traits = {};
  for (;;) {
    if (typeof schema === "function") schema = schema();
    else if (Array.isArray(schema) && schema.length === 2) {
      if (typeof schema[1] === "object" && schema[1] !== null) traits = { ...schema[1], ...traits };
      schema = schema[0];
    } else return { schema, traits };
  }
}

function notationOfNumber(schema: number): string {
  const simple = must(simpleNames.get(schema & ~modifierMask), `simple schema ${schema}`);
  if ((schema & listModifier) !== 0) return `${simple}[]`;
  return (schema & mapModifier) !== 0 ? `map<${simple}>` : simple;
}

/** The files of shapes, each with the text that it must have. */
export const shapesTexts: Readonly<Record<string, () => string>> = Object.fromEntries(
  Object.entries(sources).map(([file, source]) => [file, () => shapesText(source)]),
);

function shapesText(source: Source): string {
  const writer = new ShapeWriter(source.isXml);
  const all = exported(source, kinds.operation);
  const isWritten = (name: string): boolean => source.operations === null || Object.hasOwn(source.operations, name);
  const operations = all
    .filter(([name]) => isWritten(name))
    .map(([name, schema]) => [name, { input: writer.notationOf(schema[4]), output: writer.notationOf(schema[5]) }]);
  const queryCodes: [string, string][] = [];
  const errors = exported(source, kinds.error).map(([name, schema]) => {
    // A service that Berth answers in part has errors of operations that it lacks; their members would be written for nothing.
    if (source.operations === null) writer.notationOf(schema);
    const traits = schema[3] as { error?: string; httpError?: number; awsQueryError?: readonly [string, number] };
    const { error, httpError, awsQueryError: [queryCode, queryStatus] = [name, undefined] } = traits;
    if (queryCode !== name) queryCodes.push([name, queryCode]);
    return [name, queryStatus ?? httpError ?? (error === "server" ? 500 : 400)];
  });
  const isUnion = ([, { schema }]: readonly [string, { readonly schema: Schema }]): boolean =>
    schema[0] === kinds.union;
  const byName = [...writer.structures].sort(([a], [b]) => (a < b ? -1 : 1));
  const membersOf = (some: typeof byName): object =>
    Object.fromEntries(some.map(([name, { members }]) => [name, Object.fromEntries(members)]));
  const shapes = {
    madeBy: `scripts/sdk-shapes.ts from ${source.client} ${versionOf(source.client)}; do not edit, run npx node scripts/generate.ts`,
    operations: Object.fromEntries(operations),
    ...(source.operations !== null && {
      otherOperations: all.map(([name]) => name).filter((name) => !isWritten(name)),
      queryCodes: Object.fromEntries(queryCodes),
    }),
    errors: Object.fromEntries(errors),
    structures: membersOf(byName.filter((each) => !isUnion(each))),
    unions: membersOf(byName.filter(isUnion)),
  };
  return `${JSON.stringify(shapes, null, 2)}\n`;
}

function versionOf(client: string): string {
  const main = createRequire(import.meta.url).resolve(client);
  const { version } = JSON.parse(readFileSync(join(dirname(main), "..", "package.json"), "utf8"));
  return String(version);
}

if (import.meta.main) {
  for (const [file, text] of Object.entries(shapesTexts)) writeFileSync(new URL(`../${file}`, import.meta.url), text());
}
