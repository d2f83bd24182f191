/**
 * The safety net under all operations: every text, number, time, list and map of a request has a limit. There are two tiers. Operations
 * check what ECS documents, in ECS's order and with its texts. The tables in this folder bound the rest before an operation sees it. They
 * are wider wherever an operation checks for itself, so they only refuse absurd values.
 */
import { Refusal } from "../ecs/refusals.ts";
import { assert, must } from "../lib/assert.ts";
import {
  type DocumentRow,
  documentLimits,
  type ListRow,
  listLimits,
  type MapRow,
  mapLimits,
} from "./collection-limits.ts";
import { serializationError } from "./errors.ts";
import {
  integerMax,
  integerMin,
  longMax,
  type NumberRow,
  numberLimits,
  type TimeRow,
  timeLimits,
} from "./number-limits.ts";
import type { AnsweredEcsOperation } from "./service-definition.ts";
import type { ListShape, MapShape, Shape, StructureShape } from "./shapes.ts";
import { type TextRow, textLimits } from "./text-limits.ts";
import { inputOf } from "./undocumented-members.ts";

type Row = { readonly members: readonly string[] };
type Check = (value: unknown) => void;

const texts = byMember<TextRow>(textLimits);
const numbers = byMember<NumberRow>(numberLimits);
const times = byMember<TimeRow>(timeLimits);
const lists = byMember<ListRow>(listLimits);
const maps = byMember<MapRow>(mapLimits);
const documents = byMember<DocumentRow>(documentLimits);

const checks = new Map<StructureShape, Check>();

/** A value of a parsed request is beyond its limit; the text names the member. Becomes a Refusal with the operation's code. */
class BeyondLimit extends Error {
  override readonly name = "BeyondLimit";
}

/**
 * Checks all members of a parsed request. Throws WireError(SerializationException) for a number of the wrong type and for invalid Unicode;
 * a Refusal for anything too long, too large or too many: InvalidParameterException, or ClientException for a task definition, as in ECS.
 */
export function checkRequestLimits(operation: AnsweredEcsOperation, request: object): void {
  try {
    checkOfStructure(inputOf(operation))(request);
  } catch (error) {
    if (error instanceof BeyondLimit)
      throw new Refusal(operation.row.beyondLimits ?? "InvalidParameterException", error.message);
    throw error;
  }
}

/** A member's limit: its row in the table for its kind; null if there is none, or nothing to limit. */
export function limitOf(shape: Shape, structure: string, member: string): Row | null {
  switch (shape.kind) {
    case "string":
      return rowOf(texts, structure, member);
    case "number":
      return rowOf(numbers, structure, member);
    case "timestamp":
      return rowOf(times, structure, member);
    case "list":
      return rowOf(lists, structure, member);
    case "map":
      return rowOf(maps, structure, member);
    case "document":
      return rowOf(documents, structure, member);
    case "blob":
    case "boolean":
    case "structure":
      return null;
  }
}

function byMember<R extends Row>(rows: readonly R[]): ReadonlyMap<string, R> {
  const found = new Map<string, R>();
  for (const row of rows) {
    for (const member of row.members) {
      assert(!found.has(member), `the limits name ${member} once`);
      found.set(member, row);
    }
  }
  return found;
}

function rowOf<R>(rows: ReadonlyMap<string, R>, structure: string, member: string): R | null {
  return rows.get(`${structure}.${member}`) ?? rows.get(member) ?? null;
}

/** The check of a structure's members, each created on first use. */
function checkOfStructure(shape: StructureShape): Check {
  let check = checks.get(shape);
  if (check === undefined) {
    const members = new Map<string, Check>();
    check = (value) => {
      const source = value as Readonly<Record<string, unknown>>;
      for (const name of Object.keys(source)) {
        const given = source[name];
        if (given === undefined || given === null) continue;
        let member = members.get(name);
        if (member === undefined) {
          member = checkOfMember(must(shape.members.get(name), name), shape.name, name);
          members.set(name, member);
        }
        member(given);
      }
    };
    checks.set(shape, check);
  }
  return check;
}

function checkOfMember(shape: Shape, structure: string, member: string): Check {
  const row = <R>(rows: ReadonlyMap<string, R>): R =>
    must(rowOf(rows, structure, member), `a limit of ${structure}.${member}`);
  switch (shape.kind) {
    case "string":
      return textCheck(member, row(texts));
    case "number":
      return numberCheck(member, row(numbers));
    case "timestamp":
      return timeCheck(member, row(times));
    case "document":
      return documentCheck(member, row(documents));
    case "list":
      return listCheck(shape, structure, member, row(lists));
    case "map":
      return mapCheck(shape, structure, member, row(maps));
    case "structure":
      return checkOfStructure(shape);
    // ECS has no bytes in its requests.
    case "blob":
    case "boolean":
      return () => {};
  }
}

/** A refusal names the list, not the item. */
const shown = (member: string): string => member.replace(/(?:\[\]|\{\})+$/, "");

function textCheck(member: string, { charactersMax }: TextRow): Check {
  return (value) => {
    const text = value as string;
    if (text.length > charactersMax) {
      throw new BeyondLimit(`${shown(member)} length must be at most ${charactersMax}`);
    }
    checkCharacters(member, text);
  };
}

/**
 * Characters that a store, an environment or a command line can't keep: half of a surrogate pair would become another character, and NUL
 * ends a text for the operating system.
 */
function checkCharacters(member: string, text: string): void {
  if (!text.isWellFormed()) throw serializationError("The request body has text that is not well-formed Unicode.");
  if (text.includes("\0")) throw new BeyondLimit(`${shown(member)} contains invalid characters.`);
}

function numberCheck(member: string, { type, min, max }: NumberRow): Check {
  const [least, most] = type === "integer" ? [integerMin, integerMax] : [-longMax, longMax];
  return (value) => {
    const number = value as number;
    // AWS: a fraction, or a number with more bits, isn't an Integer.
    if (type !== "double" && !(Number.isInteger(number) && number >= least && number <= most)) {
      throw serializationError(`NUMBER_VALUE can not be converted to ${type === "long" ? "a Long" : "an Integer"}`);
    }
    if (number < min || number > max) {
      throw new BeyondLimit(`${shown(member)} must be between ${min} and ${max}.`);
    }
  };
}

function timeCheck(member: string, { minMs, maxMs }: TimeRow): Check {
  const [from, to] = [new Date(minMs).toISOString(), new Date(maxMs).toISOString()];
  return (value) => {
    const ms = value as number;
    if (ms < minMs || ms > maxMs) throw new BeyondLimit(`${member} must be between ${from} and ${to}.`);
  };
}

function listCheck(shape: ListShape, structure: string, member: string, { itemsMax }: ListRow): Check {
  const check = checkOfMember(shape.member, structure, `${member}[]`);
  return (value) => {
    const items = value as readonly unknown[];
    if (items.length > itemsMax) throw new BeyondLimit(`${shown(member)} can have at most ${itemsMax} items.`);
    for (const item of items) check(item);
  };
}

function mapCheck(shape: MapShape, structure: string, member: string, row: MapRow): Check {
  const check = checkOfMember(shape.value, structure, `${member}{}`);
  return (value) => {
    const entries = Object.entries(value as object);
    if (entries.length > row.entriesMax) {
      throw new BeyondLimit(`${shown(member)} can have at most ${row.entriesMax} entries.`);
    }
    for (const [key, item] of entries) {
      if (key.length > row.keyCharactersMax) {
        throw new BeyondLimit(`The keys of ${shown(member)} can have at most ${row.keyCharactersMax} characters.`);
      }
      checkCharacters(member, key);
      check(item);
    }
  };
}

function documentCheck(member: string, { charactersMax }: DocumentRow): Check {
  return (value) => {
    if (JSON.stringify(value).length > charactersMax) {
      throw new BeyondLimit(`${member} length must be at most ${charactersMax}`);
    }
  };
}
