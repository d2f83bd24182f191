import type { Cursor } from "../../ecs/cluster-query/cursor.ts";
import { type Condition, condition } from "./condition.ts";
import type { MessageMatcher } from "./message-matcher.ts";
import { quotedText } from "./quoted-text.ts";
import type { RegexReader } from "./regex-matcher.ts";
import { type Value, valueTest } from "./value-test.ts";

/** One step of a selector: a member, an element, or every element and member. */
type Step = { readonly member: string } | { readonly element: number } | "all";

/** LIMIT: what `[*]` selects of one event; an event has at most a megabyte, and nested wildcards would multiply. */
const selectedMax = 10_000;

/** After the `{`: conditions on the members of a JSON object. A message that is not JSON matches none. Throws QueryError. */
export function jsonPattern(cursor: Cursor, regexes: RegexReader): MessageMatcher {
  const holds = condition<unknown>(cursor, () => comparison(cursor, regexes));
  cursor.takeAll(/\s*/y);
  if (!cursor.takes("}")) cursor.failExpecting('"&&", "||" or "}"');
  if (!cursor.ended) cursor.failExpecting('nothing after "}"');
  return (message) => {
    const event = parsed(message);
    return typeof event === "object" && event !== null && holds(event);
  };
}

function parsed(message: string): unknown {
  // Spares lines of text the cost of an exception.
  if (!/^\s*[{[]/.test(message)) return null;
  try {
    return JSON.parse(message);
  } catch {
    return null;
  }
}

function comparison(cursor: Cursor, regexes: RegexReader): Condition<unknown> {
  const steps = selector(cursor);
  cursor.takeAll(/\s*/y);
  const some = (test: (value: unknown) => boolean) => (event: unknown) => selected(event, steps).some(test);
  if (takesWords(cursor, "IS", "NULL")) return some((value) => value === null);
  if (takesWords(cursor, "IS", "TRUE")) return some((value) => value === true);
  if (takesWords(cursor, "IS", "FALSE")) return some((value) => value === false);
  if (takesWords(cursor, "NOT", "EXISTS")) return (event) => selected(event, steps).length === 0;
  if (takesWords(cursor, "EXISTS")) return some(() => true);
  const test = valueTest(cursor, regexes);
  return some((value) => test(comparable(value)));
}

function takesWords(cursor: Cursor, ...words: readonly string[]): boolean {
  return cursor.takeAll(new RegExp(`${words.join("\\s+")}(?![A-Za-z0-9_])`, "iy")) !== "";
}

/** `$.a.b[0].*`, also with names in brackets: `$['a.b']`. */
function selector(cursor: Cursor): readonly Step[] {
  if (!cursor.takes("$")) cursor.failExpecting('a selector such as "$.level"');
  const steps: Step[] = [];
  for (;;) {
    const step = selectorStep(cursor);
    if (step === null) break;
    steps.push(step);
  }
  if (steps.length === 0) cursor.failExpecting('"." and a name after "$"');
  return steps;
}

function selectorStep(cursor: Cursor): Step | null {
  if (cursor.takes(".[") || cursor.takes("[")) return bracketed(cursor);
  if (!cursor.takes(".")) return null;
  if (cursor.takes("*")) return "all";
  const member = cursor.takeAll(/[^\s.[\](){}=!<>&|,"'*%]+/y);
  if (member === "") cursor.failExpecting("a name");
  return { member };
}

function bracketed(cursor: Cursor): Step {
  if (cursor.takes("*]")) return "all";
  const digits = cursor.takeAll(/\d{1,9}(?=\])/y);
  const single = digits === "" ? cursor.takeAll(/'[^']*'/y) : "";
  const member = single !== "" ? single.slice(1, -1) : digits === "" && cursor.sees('"') ? quotedText(cursor) : null;
  if (!cursor.takes("]") || (digits === "" && member === null)) cursor.failExpecting('an index or a name, and "]"');
  return member === null ? { element: Number(digits) } : { member };
}

/** The values that the steps lead to; none if the event lacks them. */
function selected(event: unknown, steps: readonly Step[]): readonly unknown[] {
  let values: unknown[] = [event];
  for (const step of steps) {
    const next: unknown[] = [];
    for (const value of values) {
      if (typeof value !== "object" || value === null) continue;
      if (step === "all") next.push(...Object.values(value).slice(0, selectedMax - next.length));
      else if ("element" in step) {
        if (Array.isArray(value) && step.element < value.length) next.push(value[step.element]);
      } else if (!Array.isArray(value) && Object.hasOwn(value, step.member)) {
        next.push((value as Readonly<Record<string, unknown>>)[step.member]);
      }
    }
    values = next;
  }
  return values;
}

function comparable(value: unknown): Value {
  if (typeof value === "string") return { text: value, number: Number.NaN };
  if (typeof value === "number") return { text: String(value), number: value };
  return { text: typeof value === "object" ? JSON.stringify(value) : String(value), number: Number.NaN };
}
