import { refuse } from "./refusals.ts";

/** The page that a list operation was asked for, and the operation's page sizes. */
export type PageRequest = {
  /** The operation that answers. A token works only for the operation that gave it. */
  readonly operation: string;
  readonly nextToken?: string | null | undefined;
  readonly maxResults?: number | null | undefined;
  /** The page size if `maxResults` is absent. */
  readonly defaultSize: number;
  /** The largest accepted `maxResults`. */
  readonly maxSize: number;
  /** True if items come with the largest key first. */
  readonly descending?: boolean;
};

export type Page<T> = { readonly items: T[]; readonly nextToken: string | null };

// LIMIT: keys are ARNs and names below 1,000 characters, so a longer token can't be ours and isn't decoded.
const tokenLengthMax = 8_192;

/**
 * The page of `items` that `request` asks for, and the next page's token (null on the last). `items` are in code-unit order of `keyOf`,
 * which must be unique; the caller pads numbers in keys. The token holds the last key given out, so items that come and go between two
 * calls neither repeat nor hide others. Refuses with InvalidParameterException a `maxResults` outside 1 to maxSize and a token that this
 * operation never gave.
 */
export function page<T>(items: readonly T[], keyOf: (item: T) => string, request: PageRequest): Page<T> {
  const size = request.maxResults ?? request.defaultSize;
  if (!Number.isInteger(size) || size < 1 || size > request.maxSize) {
    refuse("InvalidParameterException", `maxResults must be between 1 and ${request.maxSize}.`);
  }
  let start = 0;
  if (request.nextToken !== undefined && request.nextToken !== null) {
    const after = decodePageToken(request.operation, request.nextToken);
    if (after === null) refuse("InvalidParameterException", "Invalid token.");
    start = firstAfter(items, keyOf, after, request.descending ?? false);
  }
  const chosen = items.slice(start, start + size);
  const last = chosen.at(-1);
  const more = last !== undefined && start + size < items.length;
  return { items: chosen, nextToken: more ? encodePageToken(request.operation, keyOf(last)) : null };
}

/** The opaque token that continues `operation` after the key `after`. */
export function encodePageToken(operation: string, after: string): string {
  // The inner JSON escapes lone surrogates and encodeURIComponent the rest, so btoa only sees ASCII.
  return btoa(encodeURIComponent(JSON.stringify([operation, after])));
}

/** The key after which `token` continues, or null if it isn't a token of `operation`. */
export function decodePageToken(operation: string, token: string): string | null {
  if (token.length > tokenLengthMax) return null;
  let content: unknown;
  try {
    content = JSON.parse(decodeURIComponent(atob(token)));
  } catch {
    return null;
  }
  if (!Array.isArray(content) || content.length !== 2 || content[0] !== operation) return null;
  const after: unknown = content[1];
  return typeof after === "string" ? after : null;
}

/** The index of the first item after the key `after`, by binary search. */
function firstAfter<T>(items: readonly T[], keyOf: (item: T) => string, after: string, descending: boolean): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const key = keyOf(items[middle] as T);
    const isBehind = descending ? key < after : key > after;
    if (isBehind) high = middle;
    else low = middle + 1;
  }
  return low;
}
