/**
 * The shapes of the ECS API: what the official SDK knows about each operation, structure and error. `scripts/sdk-shapes.ts` writes them to
 * `sdk-shapes.json`; this file reads each on first use.
 */
import { must } from "../lib/assert.ts";
import sdkShapes from "./sdk-shapes.json" with { type: "json" };

export type Shape = SimpleShape | ListShape | MapShape | StructureShape;
export type SimpleShape = { readonly kind: "string" | "number" | "boolean" | "timestamp" | "document" };
export type ListShape = { readonly kind: "list"; readonly member: Shape };
/** The keys of a map are strings. */
export type MapShape = { readonly kind: "map"; readonly value: Shape };
/** A union is a structure with exactly one member set. */
export type StructureShape = {
  readonly kind: "structure";
  readonly name: string;
  readonly isUnion: boolean;
  readonly members: ReadonlyMap<string, Shape>;
};

export type OperationShapes = { readonly input: StructureShape; readonly output: StructureShape };

/** The SDK's data about an error class. */
export type ErrorShape = { readonly status: number; readonly shape: StructureShape };

/** A structure in `sdk-shapes.json`: the shape of each member. */
type MembersAsWritten = Readonly<Record<string, string>>;

const simpleKinds: readonly SimpleShape["kind"][] = ["string", "number", "boolean", "timestamp", "document"];
const operations = new Map(Object.entries(sdkShapes.operations));
const errorStatus = new Map(Object.entries(sdkShapes.errors));
const unions = new Map<string, MembersAsWritten>(Object.entries(sdkShapes.unions));
const structures = new Map<string, MembersAsWritten>(Object.entries(sdkShapes.structures));

const shapesByNotation = new Map<string, Shape>(simpleKinds.map((kind) => [kind, { kind }]));
const structureShapes = new Map<string, StructureShape>();
const shapesByOperation = new Map<string, OperationShapes>();
const shapesByError = new Map<string, ErrorShape>();

/** The names of the SDK's operations, in code-unit order. */
export function sdkOperations(): string[] {
  return [...operations.keys()];
}

/** The codes of the SDK's errors, in code-unit order. */
export function sdkErrors(): string[] {
  return [...errorStatus.keys()];
}

/** Input and output of an operation of the SDK. */
export function operationShapes(operation: string): OperationShapes {
  let shapes = shapesByOperation.get(operation);
  if (shapes === undefined) {
    const { input, output } = must(operations.get(operation), `shapes of ${operation}`);
    shapes = { input: structureNamed(input), output: structureNamed(output) };
    shapesByOperation.set(operation, shapes);
  }
  return shapes;
}

/** Status and members of the error `code`, or null if the SDK has no such class. */
export function errorShape(code: string): ErrorShape | null {
  let shape = shapesByError.get(code);
  if (shape === undefined) {
    const status = errorStatus.get(code);
    if (status === undefined) return null;
    shape = { status, shape: structureNamed(code) };
    shapesByError.set(code, shape);
  }
  return shape;
}

/** The shape written as `notation`: a simple kind or a structure by name, `X[]` for a list, `map<X>` for a map. */
function shapeOf(notation: string): Shape {
  const known = shapesByNotation.get(notation);
  if (known !== undefined) return known;
  if (notation.endsWith("[]")) return remember(notation, { kind: "list", member: shapeOf(notation.slice(0, -2)) });
  if (notation.startsWith("map<")) return remember(notation, { kind: "map", value: shapeOf(notation.slice(4, -1)) });
  return structureNamed(notation);
}

function structureNamed(name: string): StructureShape {
  const known = structureShapes.get(name);
  if (known !== undefined) return known;
  const members = new Map<string, Shape>();
  const structure: StructureShape = { kind: "structure", name, isUnion: unions.has(name), members };
  // Stored before its members are read, because a structure may contain itself.
  structureShapes.set(name, structure);
  for (const [member, notation] of Object.entries(
    must(structures.get(name) ?? unions.get(name), `structure ${name}`),
  )) {
    members.set(member, shapeOf(notation));
  }
  return structure;
}

function remember(notation: string, shape: Shape): Shape {
  shapesByNotation.set(notation, shape);
  return shape;
}
