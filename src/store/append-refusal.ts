import { type Append, FencedError, StoreError } from "./store.ts";

/** A partition's state in a store besides documents and events. */
export type PartitionHead = { readonly epoch: number; readonly lastSequence: number };

/**
 * Why `append` under `epoch` must not be written to a partition at `head` (null: it was never opened). Null if it may. Every
 * store asks this inside the transaction that writes.
 */
export function appendRefusal(
  partition: string,
  head: PartitionHead | null,
  epoch: number,
  append: Append,
): StoreError | null {
  const fenced = fenceRefusal(partition, head, epoch);
  if (fenced !== null || head === null) return fenced;
  let expected = head.lastSequence + 1;
  for (const event of append.events) {
    if (event.sequence !== expected) {
      return new StoreError(`Partition "${partition}" expects event ${expected} next, was given ${event.sequence}`);
    }
    expected += 1;
  }
  return null;
}

/** Why the holder of `epoch` must not write to a partition at `head`. Null if it may. */
export function fenceRefusal(partition: string, head: PartitionHead | null, epoch: number): FencedError | null {
  if (head === null) return new FencedError(`Partition "${partition}" was never opened`);
  if (head.epoch === epoch) return null;
  return new FencedError(`Partition "${partition}" is at epoch ${head.epoch}, the writer holds epoch ${epoch}`);
}

/**
 * LIMIT: if a partition's events take too many bytes, this share more of them is forgotten at once, so that few appends pay for
 * it.
 */
const forgottenShare = 1 / 64;

/** How many bytes a partition's events may take after some had to be forgotten. */
export const forgottenDownTo = (eventBytesMax: number): number =>
  eventBytesMax - Math.floor(eventBytesMax * forgottenShare);
