import type { Cursor } from "../../ecs/cluster-query/cursor.ts";

/** LIMIT: nobody reads deeper parentheses, and reading and asking recurse this deep. */
const nestingDepthMax = 32;

export type Condition<Event> = (event: Event) => boolean;

/**
 * Conditions joined by `&&` and `||`, with parentheses; `&&` binds closer. `comparison` reads one that stands at the cursor. Throws
 * QueryError.
 */
export function condition<Event>(cursor: Cursor, comparison: () => Condition<Event>, depth = 0): Condition<Event> {
  if (depth > nestingDepthMax) cursor.fail(`Conditions are nested more than ${nestingDepthMax} levels deep`);
  const single = (): Condition<Event> => {
    cursor.takeAll(/\s*/y);
    const start = cursor.at;
    if (!cursor.takes("(")) return comparison();
    const inner = condition(cursor, comparison, depth + 1);
    cursor.takeAll(/\s*/y);
    if (!cursor.takes(")")) cursor.fail('"(" without ")"', start);
    return inner;
  };
  const all = (): Condition<Event> =>
    joined(cursor, "&&", single, (parts) => (event) => parts.every((of) => of(event)));
  return joined(cursor, "||", all, (parts) => (event) => parts.some((of) => of(event)));
}

function joined<Event>(
  cursor: Cursor,
  operator: string,
  read: () => Condition<Event>,
  join: (parts: readonly Condition<Event>[]) => Condition<Event>,
): Condition<Event> {
  const first = read();
  const parts = [first];
  for (;;) {
    cursor.takeAll(/\s*/y);
    if (!cursor.takes(operator)) return parts.length === 1 ? first : join(parts);
    parts.push(read());
  }
}
