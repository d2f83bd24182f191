import type { World } from "../world.ts";

const rule = "lists and counts agree with the documents";

export type Json = Readonly<Record<string, unknown>>;

/** LIMIT: pages of three make several of nearly every list. */
const pageSize = 3;
/** LIMIT: a list that has not ended by then has a cycle. */
const pagesMax = 10_000;

/** Compares a list, read page by page, with the ARNs in the documents. */
export async function compareList(
  world: World,
  operation: string,
  request: Json,
  member: string,
  documents: readonly string[],
): Promise<void> {
  const listed: string[] = [];
  let nextToken: unknown;
  for (let page = 0; page < pagesMax; page++) {
    const token = typeof nextToken === "string" ? { nextToken } : {};
    const reply = await answer(world, operation, { ...request, maxResults: pageSize, ...token });
    if (reply === null) return;
    listed.push(...(reply[member] as readonly string[]));
    nextToken = reply.nextToken;
    if (typeof nextToken !== "string") break;
  }
  const [said, meant] = [listed.toSorted().join(" "), documents.toSorted().join(" ")];
  if (said !== meant) {
    world.checkers.violate(rule, `${operation} ${JSON.stringify(request)} lists ${said}, the documents say ${meant}`);
  }
}

/** Compares described members with the counts of the documents. */
export function compareCounts(
  world: World,
  what: string,
  shown: Json | undefined,
  counts: Readonly<Record<string, number>>,
): void {
  for (const [name, count] of Object.entries(counts)) {
    if (shown?.[name] === count) continue;
    world.checkers.violate(rule, `${what} is described with ${name} ${shown?.[name]}, the documents say ${count}`);
  }
}

/** The reply, or null (a broken rule) if none comes at once. */
export async function answer(world: World, operation: string, request: Json): Promise<Json | null> {
  let reply: Json | null = null;
  world.call(operation, request).then(
    (outcome) => {
      if (outcome.type === "reply") reply = outcome.reply;
      else world.checkers.violate(rule, `${operation} ${JSON.stringify(request)} was not answered: ${outcome.type}`);
    },
    (error: unknown) => world.broken(operation, error),
  );
  await world.clock.settle();
  return reply;
}
