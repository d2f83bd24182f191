import type { EcsEvent } from "../ecs/events/event.ts";
import { DamagedError, type Store, type StoredEvent } from "../store/store.ts";

/** LIMIT: events that are read and completed at a time, about ten microseconds each; others are served between two reads. */
const eventsPerRead = 500;

/**
 * Events of `partition` with a sequence above `after`, in order, at most `limit`, as ECS announces them: attributes that the stored form
 * leaves to an earlier event are filled in. Old events are deleted, oldest first. An event whose attributes were deleted can't be
 * completed, so the first event may come later than requested; after it there are no gaps. `giveWay` lets others be served. Rejects with
 * StoreError if the store can't read them.
 */
export async function readWholeEvents(
  store: Store,
  partition: string,
  after: number,
  limit: number,
  giveWay: () => Promise<void>,
): Promise<StoredEvent[]> {
  const attributes: KnownAttributes = new Map();
  const whole: StoredEvent[] = [];
  let last = after;
  while (whole.length < limit) {
    const wanted = Math.min(limit - whole.length, eventsPerRead);
    const stored = await store.readEvents(partition, last, wanted);
    const part = await wholeOf(store, partition, stored, attributes);
    // Everything before an incomplete event is dropped, so there are no gaps.
    if (part.forgottenThrough !== null) whole.length = 0;
    whole.push(...part.whole);
    if (stored.length < wanted) break;
    last = stored.at(-1)?.sequence ?? last;
    await giveWay();
  }
  return whole;
}

/** The attributes by the sequence of the event that holds them; null for a deleted event. */
type KnownAttributes = Map<number, { readonly value: unknown } | null>;

/** The events of `stored` after the last one whose attributes were deleted, and that one's sequence or null. */
async function wholeOf(
  store: Store,
  partition: string,
  stored: readonly StoredEvent[],
  attributes: KnownAttributes,
): Promise<{ readonly whole: StoredEvent[]; readonly forgottenThrough: number | null }> {
  const parsed = ({ sequence, body }: StoredEvent): EcsEvent => {
    try {
      return JSON.parse(body) as EcsEvent;
    } catch (cause) {
      throw new DamagedError(`${store.medium}: event ${sequence} of partition "${partition}" is not JSON`, { cause });
    }
  };
  const attributesOf = async (sequence: number): Promise<{ readonly value: unknown } | null> => {
    const known = attributes.get(sequence);
    if (known !== undefined) return known;
    const [event] = await store.readEvents(partition, sequence - 1, 1);
    const isThere = event !== undefined && event.sequence === sequence;
    const found = isThere ? { value: parsed(event).detail.attributes } : null;
    attributes.set(sequence, found);
    return found;
  };
  let whole: StoredEvent[] = [];
  let forgottenThrough: number | null = null;
  for (const event of stored) {
    const { attributesIn, ...content } = parsed(event);
    if (attributesIn === undefined) {
      whole.push(event);
      continue;
    }
    const found = await attributesOf(attributesIn);
    if (found === null) {
      whole = [];
      forgottenThrough = event.sequence;
      continue;
    }
    const detail = { ...content.detail, attributes: found.value };
    whole.push({ sequence: event.sequence, body: JSON.stringify({ ...content, detail }) });
  }
  return { whole, forgottenThrough };
}
