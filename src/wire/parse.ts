import { must } from "../lib/assert.ts";
import { isAbsentWhenBlank } from "./blank-members.ts";
import { serializationError } from "./errors.ts";
import { assertNestingDepth } from "./nesting.ts";
import { checkRequestLimits } from "./request-limits.ts";
import { type ApiOperation, isAnswered, isOfService } from "./service-definition.ts";
import type { Shape, StructureShape } from "./shapes.ts";
import { inputOf } from "./undocumented-members.ts";

/** A parsed request: absent and null members are left out, timestamps are epoch milliseconds. */
export type Request = Record<string, unknown>;

type Parse = (value: unknown) => unknown;

/** Whether an empty text counts as absent, by structure and member. */
type IsBlank = (structure: string, member: string) => boolean;

/** The parsers of shapes. A shape is of one service, so that only the parsers of ECS's know its blank members. */
const parsers = new Map<Shape, Parse>();

// Invalid bytes must throw: JSON.parse would take replacement characters as the caller's own.
const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Parses `body` (JSON text or its bytes; empty means `{}`) with the input shape of `operation`. Ignores unknown members, as AWS does, and
 * the empty texts of `blank-members.ts`. Throws WireError(SerializationException) for anything but a JSON object, for too deep nesting and
 * for a value of another type than the shape's, and a Refusal for a value beyond the limits of `request-limits.ts`. The operation checks
 * required members, enum values and the ranges that ECS documents.
 */
export function parseRequest(operation: ApiOperation, body: string | Uint8Array): Request {
  const text = typeof body === "string" ? body : decode(body);
  if (text === "") return {};
  assertNestingDepth(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw serializationError("The request body is not valid JSON.");
  }
  if (value === null) throw serializationError("The request body must be a JSON object.");
  if (!isAnswered(operation)) return parserOf(inputOf(operation), isAbsentWhenBlank)(value) as Request;
  if (isOfService(operation)) {
    // Their operations check lengths and ranges themselves; what isn't text at all is nothing for them to check.
    if (!text.isWellFormed()) throw serializationError("The request body has text that is not well-formed Unicode.");
    return parserOf(operation.shapes.input, () => false)(value) as Request;
  }
  const request = parserOf(inputOf(operation), isAbsentWhenBlank)(value) as Request;
  checkRequestLimits(operation, request);
  return request;
}

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw serializationError("The request body is not valid UTF-8.");
  }
}

/** The parser of a shape, made at its first use. */
function parserOf(shape: Shape, isBlank: IsBlank): Parse {
  let parser = parsers.get(shape);
  if (parser === undefined) {
    parser = makeParser(shape, isBlank);
    parsers.set(shape, parser);
  }
  return parser;
}

function makeParser(shape: Shape, isBlank: IsBlank): Parse {
  switch (shape.kind) {
    case "string":
      return parseString;
    case "number":
      return parseNumber;
    case "boolean":
      return parseBoolean;
    case "timestamp":
      return parseTimestamp;
    case "blob":
      return parseBlob;
    case "document":
      return (value) => value;
    case "list":
      return listParser(parserOf(shape.member, isBlank));
    case "map":
      return mapParser(parserOf(shape.value, isBlank));
    case "structure":
      return structureParser(shape, isBlank);
  }
}

function structureParser(shape: StructureShape, isBlank: IsBlank): Parse {
  // Members get their parsers when they first come, so that a call costs only what it uses.
  const memberParsers = new Map<string, Parse>();
  return (value) => {
    const source = objectOf(value);
    const request: Request = {};
    for (const name of Object.keys(source)) {
      const member = source[name];
      if (member === null || (member === "" && isBlank(shape.name, name))) continue;
      let parse = memberParsers.get(name);
      if (parse === undefined) {
        if (!shape.members.has(name)) continue;
        parse = parserOf(must(shape.members.get(name), name), isBlank);
        memberParsers.set(name, parse);
      }
      request[name] = parse(member);
    }
    return request;
  };
}

function listParser(parse: Parse): Parse {
  return (value) => {
    if (!Array.isArray(value)) {
      if (typeof value === "object") throw serializationError("Start of structure or map found where not expected.");
      throw serializationError("Expected list or null");
    }
    const items: unknown[] = [];
    for (const item of value) {
      // AWS: this API has no sparse lists; a null item is dropped.
      if (item !== null) items.push(parse(item));
    }
    return items;
  };
}

function mapParser(parse: Parse): Parse {
  return (value) => {
    const source = objectOf(value);
    const map: Request = {};
    for (const key of Object.keys(source)) {
      const item = source[key];
      if (item === null) continue;
      // Assigning to this key would set the prototype instead of adding an entry.
      if (key === "__proto__") {
        Object.defineProperty(map, key, { value: parse(item), enumerable: true, configurable: true, writable: true });
      } else {
        map[key] = parse(item);
      }
    }
    return map;
  };
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) throw serializationError("Expected structure or map or null");
  if (Array.isArray(value)) throw serializationError("Start of list found where not expected.");
  return value as Record<string, unknown>;
}

function parseString(value: unknown): string {
  if (typeof value === "string") return value;
  throw cannotConvert(value, "a String");
}

function parseNumber(value: unknown): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw cannotConvert(value, "an Integer");
}

function parseBoolean(value: unknown): boolean {
  if (typeof value === "boolean") return value;
  throw cannotConvert(value, "a Boolean");
}

/** AWS: bytes are base64 in JSON; they stay so in Berth. */
function parseBlob(value: unknown): string {
  const text = parseString(value);
  if (isBase64(text)) return text;
  throw serializationError("Invalid base64 data");
}

/** Whether a text is base64 with its padding. */
export const isBase64 = (text: string): boolean => text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);

const isoTimestamp = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

// LIMIT: the range of a JavaScript date; beyond it a timestamp has no ISO form.
const timestampMsMax = 8.64e15;

/** AWS: the JSON protocol has epoch seconds with a fraction; some clients write ISO 8601 instead, which AWS takes too. */
export function parseTimestamp(value: unknown): number {
  let ms = Number.NaN;
  if (typeof value === "number") ms = Math.round(value * 1000);
  if (typeof value === "string" && isoTimestamp.test(value)) ms = Date.parse(value);
  if (Math.abs(ms) <= timestampMsMax) return ms;
  throw cannotConvert(value, "milliseconds since epoch");
}

/** AWS: names the token that its JSON reader found, not the member. */
function cannotConvert(value: unknown, wanted: string): Error {
  if (Array.isArray(value)) return serializationError("Start of list found where not expected.");
  if (typeof value === "object") return serializationError("Start of structure or map found where not expected.");
  const token =
    typeof value === "string"
      ? "STRING_VALUE"
      : typeof value === "number"
        ? "NUMBER_VALUE"
        : value
          ? "TRUE_VALUE"
          : "FALSE_VALUE";
  return serializationError(`${token} can not be converted to ${wanted}`);
}
