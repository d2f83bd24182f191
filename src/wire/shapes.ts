/**
 * The shapes of the ECS API: what the official SDK knows about each operation, structure and error. `scripts/sdk-shapes.ts` writes them to
 * `sdk-shapes.json`; this file reads each on first use.
 */
import { must } from "../lib/assert.ts";
import sdkShapes from "./sdk-shapes.json" with { type: "json" };

export type Shape = SimpleShape | ListShape | MapShape | StructureShape;
/** A blob is the text of its bytes in base64. */
export type SimpleShape = { readonly kind: "string" | "number" | "boolean" | "timestamp" | "document" | "blob" };
export type ListShape = {
  readonly kind: "list";
  readonly member: Shape;
  /** What an item is called in XML and in forms; absent for `member`. */
  readonly item?: string;
};
/** The keys of a map are strings. */
export type MapShape = { readonly kind: "map"; readonly value: Shape };
/** A union is a structure with exactly one member set. */
export type StructureShape = {
  readonly kind: "structure";
  readonly name: string;
  readonly isUnion: boolean;
  readonly members: ReadonlyMap<string, Shape>;
  /** The members that have other names, or another form, in XML and in forms; absent when there are none. */
  readonly onWire?: ReadonlyMap<string, WireName>;
};

/** What a member is called in XML and in forms, null for its own name; a flat list or map has no element around its items. */
export type WireName = { readonly xml: string | null; readonly query: string | null; readonly isFlat: boolean };

export type OperationShapes = { readonly input: StructureShape; readonly output: StructureShape };

/** A structure in a file of shapes: the shape of each member. */
type MembersAsWritten = Readonly<Record<string, string>>;

/** A file of shapes, as `scripts/sdk-shapes.ts` writes it. */
export type ShapesAsWritten = {
  readonly operations: Readonly<Record<string, { readonly input: string; readonly output: string }>>;
  /** The operations whose shapes aren't written, because Berth doesn't answer them. */
  readonly otherOperations?: readonly string[];
  /** What errors are called on the wire of the query protocols, if that is not the name of their class. */
  readonly queryCodes?: Readonly<Record<string, string>>;
  /** The HTTP status of each error. */
  readonly errors: Readonly<Record<string, number>>;
  readonly structures: Readonly<Record<string, MembersAsWritten>>;
  readonly unions: Readonly<Record<string, MembersAsWritten>>;
};

const simpleKinds: readonly SimpleShape["kind"][] = ["string", "number", "boolean", "timestamp", "document", "blob"];

/** The shapes of one API. */
export class SdkShapes {
  readonly #read: () => ShapesAsWritten;
  #writtenOnce: ShapesAsWritten | null = null;
  readonly #shapes = new Map<string, Shape>(simpleKinds.map((kind) => [kind, { kind }]));
  readonly #structures = new Map<string, StructureShape>();
  readonly #operations = new Map<string, OperationShapes>();

  /** `read` is called when the shapes are first needed. */
  constructor(read: () => ShapesAsWritten) {
    this.#read = read;
  }

  get #written(): ShapesAsWritten {
    this.#writtenOnce ??= this.#read();
    return this.#writtenOnce;
  }

  /** The names of the operations that have shapes, in code-unit order. */
  get operations(): string[] {
    return Object.keys(this.#written.operations);
  }

  /** The names of the operations that the API has as well. */
  get otherOperations(): readonly string[] {
    return this.#written.otherOperations ?? [];
  }

  /** The codes of the errors that the SDK knows, in code-unit order. */
  get errors(): string[] {
    return Object.keys(this.#written.errors);
  }

  /** Input and output of an operation that has shapes. */
  of(operation: string): OperationShapes {
    let shapes = this.#operations.get(operation);
    if (shapes === undefined) {
      const { input, output } = must(ownEntry(this.#written.operations, operation), `shapes of ${operation}`);
      shapes = { input: this.#structure(input), output: this.#structure(output) };
      this.#operations.set(operation, shapes);
    }
    return shapes;
  }

  /** The HTTP status of the error `code`, or null when the SDK has no such class. */
  statusOf(code: string): number | null {
    return ownEntry(this.#written.errors, code) ?? null;
  }

  /** What the error `code` is called in the query protocols. */
  queryCodeOf(code: string): string {
    return ownEntry(this.#written.queryCodes ?? {}, code) ?? code;
  }

  /**
   * The shape that is written as `notation`: the name of a simple kind or of a structure, `X[]` for a list, `X[item]` for one whose items are
   * called `item`, `map<X>` for a map.
   */
  #shape(notation: string): Shape {
    const known = this.#shapes.get(notation);
    if (known !== undefined) return known;
    const [, member, item = ""] = /^(.*)\[(\w*)\]$/.exec(notation) ?? [];
    if (member !== undefined) {
      return this.#remember(notation, { kind: "list", member: this.#shape(member), ...(item !== "" && { item }) });
    }
    if (notation.startsWith("map<")) {
      return this.#remember(notation, { kind: "map", value: this.#shape(notation.slice(4, -1)) });
    }
    return this.#structure(notation);
  }

  #structure(name: string): StructureShape {
    const known = this.#structures.get(name);
    if (known !== undefined) return known;
    const { structures, unions } = this.#written;
    const written = must(ownEntry(structures, name) ?? ownEntry(unions, name), `structure ${name}`);
    const members = new Map<string, Shape>();
    const onWire = new Map<string, WireName>();
    for (const [member, notation] of Object.entries(written)) {
      if (notation.includes(" ")) onWire.set(member, wireName(notation.split(" ").slice(1)));
    }
    const isUnion = Object.hasOwn(unions, name);
    const structure: StructureShape = { kind: "structure", name, isUnion, members, ...(onWire.size > 0 && { onWire }) };
    // Remembered before its members are read, for a structure that contains itself.
    this.#structures.set(name, structure);
    for (const [member, notation] of Object.entries(written)) {
      members.set(member, this.#shape(notation.split(" ", 1)[0] ?? ""));
    }
    return structure;
  }

  #remember(notation: string, shape: Shape): Shape {
    this.#shapes.set(notation, shape);
    return shape;
  }
}

/** How a member is written behind its shape: `xml=NAME`, `query=NAME`, `flat`. */
function wireName(words: readonly string[]): WireName {
  const named = (kind: string): string | null =>
    words.find((word) => word.startsWith(`${kind}=`))?.slice(kind.length + 1) ?? null;
  return { xml: named("xml"), query: named("query"), isFlat: words.includes("flat") };
}

function ownEntry<T>(entries: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(entries, name) ? entries[name] : undefined;
}

/** The shapes of ECS. */
export const ecsShapes = new SdkShapes(() => sdkShapes);
