import type { Cursor } from "../../ecs/cluster-query/cursor.ts";
import { quotedText } from "./quoted-text.ts";
import type { RegexReader } from "./regex-matcher.ts";

/** A value of an event, as conditions see it: its text, and its number if it is one (otherwise NaN). */
export type Value = { readonly text: string; readonly number: number };

export type ValueTest = (value: Value) => boolean;

const operators = ["!=", "<=", ">=", "=", "<", ">"] as const;
type Operator = (typeof operators)[number];

/** Reads an operator and what it compares with: text with `*`, a number, or a `%regular expression%`. Throws QueryError. */
export function valueTest(cursor: Cursor, regexes: RegexReader): ValueTest {
  cursor.takeAll(/\s*/y);
  const operator = operators.find((each) => cursor.takes(each));
  if (operator === undefined) cursor.failExpecting("one of = != < <= > >=");
  cursor.takeAll(/\s*/y);
  if (operator !== "=" && operator !== "!=") return ordered(cursor, operator);
  const equals = equality(cursor, regexes);
  return operator === "=" ? equals : (value) => !equals(value);
}

function ordered(cursor: Cursor, operator: Exclude<Operator, "=" | "!=">): ValueTest {
  const start = cursor.at;
  const bound = numberOf(bareText(cursor));
  if (Number.isNaN(bound)) cursor.fail(`Expected a number after ${operator}`, start);
  switch (operator) {
    case "<":
      return ({ number }) => number < bound;
    case "<=":
      return ({ number }) => number <= bound;
    case ">":
      return ({ number }) => number > bound;
    case ">=":
      return ({ number }) => number >= bound;
  }
}

function equality(cursor: Cursor, regexes: RegexReader): ValueTest {
  if (cursor.sees("%")) {
    const matches = regexes.take(cursor);
    return ({ text }) => matches(text);
  }
  if (cursor.sees('"')) return wildcardTest(quotedText(cursor));
  const bare = bareText(cursor);
  if (bare === "") cursor.failExpecting("a value");
  const wanted = numberOf(bare);
  if (Number.isNaN(wanted)) return wildcardTest(bare);
  return ({ text, number }) => number === wanted || text === bare;
}

/** Text without quotes ends where the condition does. */
const bareText = (cursor: Cursor): string => cursor.takeAll(/(?:(?!&&|\|\|)[^\s,\])}"(])*/y);

/** The number that a text is: decimal, with or without an exponent. Otherwise NaN. */
export function numberOf(text: string): number {
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN;
}

/** Whole texts, in which each `*` stands for any characters. Linear: parts are sought in order, never again. */
function wildcardTest(pattern: string): ValueTest {
  const parts = pattern.split("*");
  const first = parts.shift() ?? "";
  const last = parts.pop();
  if (last === undefined) return ({ text }) => text === first;
  return ({ text }) => {
    if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
    let at = first.length;
    for (const part of parts) {
      const found = text.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return at <= text.length - last.length;
  };
}
