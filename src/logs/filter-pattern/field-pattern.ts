import type { Cursor } from "../../ecs/cluster-query/cursor.ts";
import { type Condition, condition } from "./condition.ts";
import type { MessageMatcher } from "./message-matcher.ts";
import type { RegexReader } from "./regex-matcher.ts";
import { numberOf, type ValueTest, valueTest } from "./value-test.ts";

type Fields = readonly string[];

/** One place between the commas: a condition on the field there, null for any field, or `...` for any number of fields. */
type Slot = Condition<string> | null | "rest";

/**
 * After the `[`: fields divided by spaces, each with a name and perhaps conditions on it; `...` stands for any number of them. In a
 * message, text in brackets or quotes is one field. Throws QueryError.
 */
export function fieldPattern(cursor: Cursor, regexes: RegexReader): MessageMatcher {
  const slots: Slot[] = [];
  do slots.push(slot(cursor, regexes));
  while (cursor.takes(","));
  if (!cursor.takes("]")) cursor.failExpecting('"," or "]"');
  if (!cursor.ended) cursor.failExpecting('nothing after "]"');
  const rest = slots.indexOf("rest");
  if (rest !== slots.lastIndexOf("rest")) cursor.fail('A filter pattern has at most one "..."');
  const [before, after] = rest < 0 ? [slots, []] : [slots.slice(0, rest), slots.slice(rest + 1)];
  return (message) => {
    const fields = fieldsOf(message);
    const needed = before.length + after.length;
    if (rest < 0 ? fields.length !== needed : fields.length < needed) return false;
    return holdAt(before, fields, 0) && holdAt(after, fields, fields.length - after.length);
  };
}

function holdAt(slots: readonly Slot[], fields: Fields, from: number): boolean {
  return slots.every((each, index) => typeof each !== "function" || each(fields[from + index] ?? ""));
}

function slot(cursor: Cursor, regexes: RegexReader): Slot {
  cursor.takeAll(/\s*/y);
  if (cursor.takes("...")) {
    cursor.takeAll(/\s*/y);
    return "rest";
  }
  if (cursor.sees(",") || cursor.sees("]")) return null;
  // A name alone has no condition. Its own name is the only one that a field's conditions may use.
  const plain = cursor.takeAll(/[\w-]+\s*(?=[,\]]|$)/y);
  if (plain !== "") return null;
  let name: string | null = null;
  const holds = condition<string>(cursor, () => {
    const start = cursor.at;
    const found = cursor.takeAll(/[\w-]+/y);
    if (found === "") cursor.failExpecting("the name of a field");
    if (name !== null && name !== found) cursor.fail(`A condition on ${found} where the field is ${name}`, start);
    name = found;
    return onText(valueTest(cursor, regexes));
  });
  cursor.takeAll(/\s*/y);
  return holds;
}

const onText =
  (test: ValueTest): Condition<string> =>
  (text) =>
    test({ text, number: numberOf(text) });

/** LIMIT: more fields than a pattern of 1,024 characters can name, and the last ones are still those of the message. */
const fieldsMax = 100_000;

function fieldsOf(message: string): Fields {
  const fields: string[] = [];
  const ends = new Map<string, number>();
  // Where the closing character is found next. It is not sought again from each opening, so the work stays linear.
  const closing = (character: string, from: number): number => {
    const known = ends.get(character);
    if (known === -1 || (known !== undefined && known >= from)) return known;
    const found = message.indexOf(character, from);
    ends.set(character, found);
    return found;
  };
  for (let at = 0; at < message.length && fields.length < fieldsMax; ) {
    const first = message[at] ?? "";
    if (/\s/.test(first)) {
      at += 1;
      continue;
    }
    const end = first === "[" ? closing("]", at + 1) : first === '"' ? closing('"', at + 1) : -1;
    if (end >= 0) {
      fields.push(message.slice(at + 1, end));
      at = end + 1;
      continue;
    }
    const start = at;
    while (at < message.length && !/\s/.test(message[at] ?? "")) at += 1;
    fields.push(message.slice(start, at));
  }
  return fields;
}
