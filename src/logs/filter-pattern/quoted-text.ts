import type { Cursor } from "../../ecs/cluster-query/cursor.ts";

/** At a `"`: the text up to the closing one. A backslash stands before a quote or a backslash that is meant. Throws QueryError. */
export function quotedText(cursor: Cursor): string {
  const start = cursor.at;
  cursor.takes('"');
  const inner = cursor.takeAll(/(?:[^"\\]|\\[\s\S])*/y);
  if (!cursor.takes('"')) cursor.fail("A quotation mark without its second one", start);
  return inner.replace(/\\(["\\])/g, "$1");
}
