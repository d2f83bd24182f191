/** The forms of the query protocols: `Tags.member.1.Key=team`. */
import { serializationError } from "../errors.ts";
import { isBase64, parseTimestamp } from "../parse.ts";
import type { ListShape, MapShape, Shape, StructureShape } from "../shapes.ts";

/** LIMIT: parameters of a form. The largest requests of AWS name about a thousand things, with a few members each. */
const parametersMax = 10_000;
/** LIMIT: the deepest shape has 9 levels, each with up to two parts of a name. */
const partsMax = 32;

/** A name of a form, with what is below it: `Tags` has `member`, which has `1`. */
type Node = { value: string | null; readonly children: Map<string, Node> };

/** A form as clients send it, in a body or a query string. */
export class Form {
  readonly #parameters: URLSearchParams;

  /** Throws WireError(SerializationException) for bytes that are no UTF-8, and for more parameters than a call can have. */
  constructor(body: string | Uint8Array) {
    this.#parameters = new URLSearchParams(typeof body === "string" ? body : decode(body));
    if (this.#parameters.size > parametersMax) {
      throw serializationError(`The request has more than ${parametersMax} parameters.`);
    }
  }

  /** The value of a parameter, or null. */
  get(name: string): string | null {
    return this.#parameters.get(name);
  }

  /**
   * The request in the form, by the input shape of its operation; `names` says how the protocol names members. Parameters that the shape doesn't have
   * are ignored, as AWS does. Throws WireError(SerializationException) for a value of another type than the shape's.
   */
  request(shape: StructureShape, names: FormNames): Record<string, unknown> {
    const root: Node = { value: null, children: new Map() };
    for (const [name, value] of this.#parameters) {
      const parts = name.split(".");
      if (parts.length > partsMax)
        throw serializationError(`The parameter ${name.slice(0, 100)} is nested too deeply.`);
      let node = root;
      for (const part of parts) {
        let child = node.children.get(part);
        if (child === undefined) {
          child = { value: null, children: new Map() };
          node.children.set(part, child);
        }
        node = child;
      }
      node.value ??= value;
    }
    return structure(root, shape, names);
  }
}

/** How a query protocol writes members and lists. */
export type FormNames = {
  readonly member: (shape: StructureShape, member: string) => string;
  /** Whether the items of every list come right behind its name. */
  readonly areListsFlat: boolean;
};

const utf8 = new TextDecoder("utf-8", { fatal: true });

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw serializationError("The request body is not valid UTF-8.");
  }
}

function structure(node: Node, shape: StructureShape, names: FormNames): Record<string, unknown> {
  const request: Record<string, unknown> = {};
  for (const [member, memberShape] of shape.members) {
    const child = node.children.get(names.member(shape, member));
    if (child === undefined) continue;
    const isFlat = names.areListsFlat || shape.onWire?.get(member)?.isFlat === true;
    request[member] = valueIn(child, memberShape, isFlat, names);
  }
  return request;
}

function valueIn(node: Node, shape: Shape, isFlat: boolean, names: FormNames): unknown {
  switch (shape.kind) {
    case "structure":
      return structure(node, shape, names);
    case "list":
      return listOf(node, shape, isFlat, names);
    case "map":
      return mapOf(node, shape, isFlat, names);
    default:
      return simple(node.value ?? noValue(), shape.kind);
  }
}

function listOf(node: Node, shape: ListShape, isFlat: boolean, names: FormNames): unknown[] {
  // AWS: a name without anything behind it is an empty list.
  const items = isFlat ? node : node.children.get(shape.item ?? "member");
  return items === undefined
    ? []
    : numbered(items).map((item) => valueIn(item, shape.member, names.areListsFlat, names));
}

function mapOf(node: Node, shape: MapShape, isFlat: boolean, names: FormNames): Record<string, unknown> {
  const entries = isFlat ? node : node.children.get("entry");
  if (entries === undefined) return {};
  return Object.fromEntries(
    numbered(entries).map((entry) => {
      const key = entry.children.get("key")?.value ?? noValue();
      return [key, valueIn(entry.children.get("value") ?? noValue(), shape.value, names.areListsFlat, names)];
    }),
  );
}

/** The items below a name, in the order of their numbers. */
function numbered({ children }: Node): Node[] {
  return [...children]
    .filter(([name]) => /^\d{1,6}$/.test(name))
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, item]) => item);
}

function simple(text: string, kind: Exclude<Shape["kind"], "structure" | "list" | "map">): unknown {
  switch (kind) {
    case "string":
      if (!text.isWellFormed()) throw serializationError("The request has text that is not well-formed Unicode.");
      return text;
    case "number":
      if (/^-?\d{1,20}(?:\.\d{1,20})?(?:[eE][+-]?\d{1,3})?$/.test(text)) return Number(text);
      throw serializationError(`${text.slice(0, 100)} is not a number.`);
    case "boolean":
      if (/^(?:true|false)$/i.test(text)) return text.toLowerCase() === "true";
      throw serializationError(`${text.slice(0, 100)} is not true or false.`);
    case "timestamp":
      return parseTimestamp(/^\d+(?:\.\d+)?$/.test(text) ? Number(text) : text);
    case "blob":
      if (isBase64(text)) return text;
      throw serializationError("Invalid base64 data");
    case "document":
      return text;
  }
}

function noValue(): never {
  throw serializationError("A parameter has no value where one is expected.");
}
