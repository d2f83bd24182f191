import { decodePageToken, encodePageToken } from "../ecs/page.ts";

export type ServicePageRequest = {
  /** The operation that answers. A token works only for the operation that gave it. */
  readonly operation: string;
  readonly token: string | undefined;
  readonly size: number;
  /** Refuses a token that the operation never gave, as its service does. */
  readonly refuseToken: () => never;
};

/**
 * A page of `items`, and the token of the next one (null on the last). `keyOf` must be unique. The token holds the last key given out: the next page
 * begins behind that item, or behind its place in the order of keys if it is gone. `items` in another order than that of their keys must
 * still have the item.
 */
export function servicePage<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  { operation, token, size, refuseToken }: ServicePageRequest,
): { readonly items: readonly T[]; readonly nextToken: string | null } {
  let start = 0;
  if (token !== undefined) {
    const after = decodePageToken(operation, token);
    if (after === null) return refuseToken();
    const found = items.findIndex((item) => keyOf(item) === after);
    const behind = found >= 0 ? found + 1 : items.findIndex((item) => keyOf(item) > after);
    start = behind < 0 ? items.length : behind;
  }
  const chosen = items.slice(start, start + size);
  const last = chosen.at(-1);
  const more = last !== undefined && start + size < items.length;
  return { items: chosen, nextToken: more ? encodePageToken(operation, keyOf(last)) : null };
}
