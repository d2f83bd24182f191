/**
 * The shapes of the ECS API as the official SDK carries them: each operation, structure and error of `@aws-sdk/client-ecs` is
 * exported as a run-time schema, an array that begins with a number for its kind. They are read here, on first use, and nowhere else.
 */
import * as sdk from "@aws-sdk/client-ecs";
import { assert, must } from "../lib/assert.ts";

export type Shape = SimpleShape | ListShape | MapShape | StructureShape;
export type SimpleShape = { readonly kind: "string" | "number" | "boolean" | "timestamp" | "document" };
export type ListShape = { readonly kind: "list"; readonly member: Shape };
/** The keys of a map are strings. */
export type MapShape = { readonly kind: "map"; readonly value: Shape };
/** A union is a structure of which one member is set. */
export type StructureShape = {
  readonly kind: "structure";
  readonly name: string;
  readonly isUnion: boolean;
  readonly members: ReadonlyMap<string, Shape>;
};

export type OperationShapes = { readonly input: StructureShape; readonly output: StructureShape };

/** What the SDK says about an error class. */
export type ErrorShape = { readonly status: number; readonly shape: StructureShape };

const kinds = { error: -3, simple: 0, list: 1, map: 2, structure: 3, union: 4, operation: 9 } as const;
const listModifier = 64;
const mapModifier = 128;
const modifierMask = listModifier | mapModifier;

const simpleShapes: ReadonlyMap<number, SimpleShape> = new Map<number, SimpleShape>([
  [0, { kind: "string" }],
  [1, { kind: "number" }],
  [2, { kind: "boolean" }],
  [4, { kind: "timestamp" }],
  [15, { kind: "document" }],
]);

const operationSchemas = new Map<string, readonly unknown[]>();
const errorSchemas = new Map<string, readonly unknown[]>();
for (const value of Object.values(sdk) as readonly unknown[]) {
  if (!Array.isArray(value) || value[1] !== "com.amazonaws.ecs") continue;
  if (value[0] === kinds.operation) operationSchemas.set(String(value[2]), value);
  if (value[0] === kinds.error) errorSchemas.set(String(value[2]), value);
}

const shapesBySchema = new Map<unknown, Shape>();
const shapesByOperation = new Map<string, OperationShapes>();
const shapesByError = new Map<string, ErrorShape>();

/** The names of the operations that the SDK knows, in code-unit order. */
export function sdkOperations(): string[] {
  return [...operationSchemas.keys()].sort();
}

/** The codes of the errors that the SDK knows, in code-unit order. */
export function sdkErrors(): string[] {
  return [...errorSchemas.keys()].sort();
}

/** Input and output of an operation of the SDK. */
export function operationShapes(operation: string): OperationShapes {
  let shapes = shapesByOperation.get(operation);
  if (shapes === undefined) {
    const schema = must(operationSchemas.get(operation), `schema of ${operation}`);
    shapes = { input: structureOf(schema[4]), output: structureOf(schema[5]) };
    shapesByOperation.set(operation, shapes);
  }
  return shapes;
}

/** Status and members of the error `code`, or null when the SDK has no such class. */
export function errorShape(code: string): ErrorShape | null {
  let shape = shapesByError.get(code);
  if (shape === undefined) {
    const schema = errorSchemas.get(code);
    if (schema === undefined) return null;
    const traits = schema[3] as { error?: string; httpError?: number };
    shape = { status: traits.httpError ?? (traits.error === "server" ? 500 : 400), shape: structureOf(schema) };
    shapesByError.set(code, shape);
  }
  return shape;
}

function structureOf(reference: unknown): StructureShape {
  const shape = shapeOf(reference);
  assert(shape.kind === "structure", "input, output and error are structures");
  return shape;
}

/** Follows what the SDK allows in the place of a schema: a function that gives it, or a pair of it and its traits. */
function shapeOf(reference: unknown): Shape {
  let schema = reference;
  for (;;) {
    if (typeof schema === "function") schema = schema();
    else if (Array.isArray(schema) && schema.length === 2) schema = schema[0];
    else break;
  }
  if (typeof schema === "number") return shapeOfNumber(schema);
  assert(Array.isArray(schema), "a schema is a number or an array");
  const known = shapesBySchema.get(schema);
  if (known !== undefined) return known;
  switch (schema[0]) {
    case kinds.simple:
      return remember(schema, shapeOf(schema[4]));
    case kinds.list:
      return remember(schema, { kind: "list", member: shapeOf(schema[4]) });
    case kinds.map:
      return remember(schema, { kind: "map", value: shapeOf(schema[5]) });
    default:
      return readStructure(schema);
  }
}

function readStructure(schema: readonly unknown[]): StructureShape {
  const isUnion = schema[0] === kinds.union;
  assert(isUnion || schema[0] === kinds.structure || schema[0] === kinds.error, `schema kind ${String(schema[0])}`);
  const members = new Map<string, Shape>();
  const structure: StructureShape = { kind: "structure", name: String(schema[2]), isUnion, members };
  // Remembered before its members are read, for a structure that contains itself.
  shapesBySchema.set(schema, structure);
  const names = schema[4] as readonly string[];
  const memberSchemas = schema[5] as readonly unknown[];
  names.forEach((name, i) => {
    members.set(name, shapeOf(memberSchemas[i]));
  });
  return structure;
}

function shapeOfNumber(schema: number): Shape {
  const known = shapesBySchema.get(schema);
  if (known !== undefined) return known;
  const simple = must(simpleShapes.get(schema & ~modifierMask), `simple schema ${schema}`);
  if ((schema & listModifier) !== 0) return remember(schema, { kind: "list", member: simple });
  if ((schema & mapModifier) !== 0) return remember(schema, { kind: "map", value: simple });
  return simple;
}

function remember(schema: unknown, shape: Shape): Shape {
  shapesBySchema.set(schema, shape);
  return shape;
}
