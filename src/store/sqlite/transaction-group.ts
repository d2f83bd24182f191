import type { Append } from "../store.ts";

/**
 * LIMIT: one commit holds the event loop: a thousand or two writes take about 20 ms on two small cores. One append may be as
 * large.
 */
const groupWritesMax = 2_000;
/** LIMIT: the same for text. */
const groupCharactersMax = 4_194_304;
/** How many of the waiting appends go into one transaction: at least one. */
export function appendsOfGroup(waiting: readonly { readonly append: Append }[]): number {
  let [writes, characters] = [0, 0];
  for (const [count, { append }] of waiting.entries()) {
    writes += append.documents.length + append.events.length;
    for (const { body } of append.documents) characters += body?.length ?? 0;
    for (const { body } of append.events) characters += body.length;
    if (count > 0 && (writes > groupWritesMax || characters > groupCharactersMax)) return count;
  }
  return waiting.length;
}

/** LIMIT: as many partitions as fit on a line of the log. */
const partitionsNamedMax = 3;

/** The group as messages about its transaction name it. */
export function appendText(group: readonly { readonly partition: string }[]): string {
  const names = [...new Set(group.map(({ partition }) => `"${partition}"`))];
  const named = names.slice(0, partitionsNamedMax).join(", ");
  const more = names.length > partitionsNamedMax ? ` and ${names.length - partitionsNamedMax} more` : "";
  return `append to partition ${named}${more}`;
}
