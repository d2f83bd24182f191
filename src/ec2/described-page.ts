/** What all Describe operations have in common: ids, filters, pages and dry runs. */
import type { EcsFacts } from "../service-machine/ecs-facts.ts";
import { servicePage } from "../service-machine/service-page.ts";
import { type Ec2RefusalCode, refuse } from "./ec2-refusal.ts";

export type Ec2Filter = { readonly Name?: string; readonly Values?: readonly string[] };

export type DescribeRequest = {
  readonly DryRun?: boolean;
  readonly Filters?: readonly Ec2Filter[];
  readonly MaxResults?: number;
  readonly NextToken?: string;
};

/** A kind of thing that an operation describes. */
export type Described<T> = {
  readonly operation: string;
  /** The texts that each filter compares, by its name. */
  readonly filters: Readonly<Record<string, (item: T) => readonly (string | null)[]>>;
  readonly notFound: Ec2RefusalCode;
  /** What the thing is called in the text of that error. */
  readonly noun: string;
};

/** AWS: a page has 5 to 1,000. */
const pageMin = 5;
const pageMax = 1_000;
/** AWS: filters, and values of one. */
const filtersMax = 50;
const valuesMax = 200;
/** LIMIT: the longest value of a filter has a few hundred characters; wildcards are matched in the product of both lengths. */
const valueCharactersMax = 1_024;
const idsMax = 1_000;

/**
 * The page of `items` that a request asks for. With `elsewhere`, ids of it aren't missing, and a filter that isn't known here matches nothing. Refuses with InvalidParameterValue a filter that the operation doesn't have, and with the error of
 * the kind an id that isn't there. AWS: the texts.
 */
export function describedPage<T extends { readonly id: string }>(
  items: readonly T[],
  ids: readonly string[] | undefined,
  { DryRun, Filters = [], MaxResults, NextToken }: DescribeRequest,
  { operation, filters, notFound, noun }: Described<T>,
  { elsewhere = null }: { readonly elsewhere?: EcsFacts["elsewhere"] | null },
): { readonly items: readonly T[]; readonly NextToken?: string } {
  if (DryRun === true) refuse("DryRunOperation", "Request would have succeeded, but DryRun flag is set.");
  if (MaxResults !== undefined && !(MaxResults >= pageMin && MaxResults <= pageMax)) {
    const text = `Value ( ${MaxResults} ) for parameter maxResults is invalid. Expecting a value between ${pageMin} and ${pageMax}.`;
    refuse("InvalidParameterValue", text);
  }
  const named = ids === undefined || ids.length === 0 ? items : namedItems(items, ids, elsewhere, notFound, noun);
  if (Filters.length > filtersMax) refuse("InvalidParameterValue", `A call has at most ${filtersMax} filters.`);
  const rules = Filters.map((filter) => filterRule(filter, filters, elsewhere !== null));
  const found = named.filter((item) => rules.every((rule) => rule(item)));
  const page = servicePage(found, ({ id }) => id, {
    operation,
    token: NextToken,
    size: MaxResults ?? pageMax,
    refuseToken: () => refuse("InvalidParameterValue", "Value for parameter nextToken is invalid."),
  });
  return { items: page.items, ...(page.nextToken !== null && { NextToken: page.nextToken }) };
}

function namedItems<T extends { readonly id: string }>(
  items: readonly T[],
  ids: readonly string[],
  elsewhere: ReadonlySet<string> | null,
  notFound: Ec2RefusalCode,
  noun: string,
): readonly T[] {
  if (ids.length > idsMax) refuse("InvalidParameterValue", `A call names at most ${idsMax} ids.`);
  const there = new Set(items.map(({ id }) => id));
  const missing = ids.find((id) => !there.has(id) && elsewhere?.has(id) !== true);
  if (missing !== undefined) refuse(notFound, `The ${noun} '${missing.slice(0, 256)}' does not exist`);
  const wanted = new Set(ids);
  return items.filter(({ id }) => wanted.has(id));
}

function filterRule<T>(
  { Name = "", Values = [] }: Ec2Filter,
  filters: Described<T>["filters"],
  mayBeUnknown: boolean,
): (item: T) => boolean {
  const values = Values.map((value) => value.slice(0, valueCharactersMax));
  if (values.length > valuesMax) refuse("InvalidParameterValue", `A filter has at most ${valuesMax} values.`);
  // Nothing here has tags.
  if (Name === "tag-key" || Name.startsWith("tag:")) return () => false;
  if (!Object.hasOwn(filters, Name)) {
    if (mayBeUnknown) return () => false;
    refuse("InvalidParameterValue", `The filter '${Name.slice(0, 256)}' is invalid`);
  }
  const textsOf = filters[Name];
  return (item) => (textsOf?.(item) ?? []).some((text) => text !== null && values.some((value) => isLike(text, value)));
}

/** AWS: `*` stands for any characters, `?` for one; both by themselves behind a backslash. Case counts. */
export function isLike(text: string, pattern: string): boolean {
  let [at, next] = [0, 0];
  // Where to go on when the characters behind the last star don't match.
  let star: { readonly next: number; at: number } | null = null;
  while (at < text.length) {
    const escaped = pattern[next] === "\\" && next + 1 < pattern.length;
    const wanted = escaped ? pattern[next + 1] : pattern[next];
    if (!escaped && wanted === "*") {
      star = { next: next + 1, at };
      next += 1;
    } else if (wanted === text[at] || (!escaped && wanted === "?")) {
      at += 1;
      next += escaped ? 2 : 1;
    } else if (star === null) {
      return false;
    } else {
      star.at += 1;
      at = star.at;
      next = star.next;
    }
  }
  return /^\**$/.test(pattern.slice(next));
}
