import type { EcsEvent } from "../ecs/events/event.ts";
import type { Store, StoredEvent } from "../store/store.ts";

/** LIMIT: events that are read and put together at a time, some ten microseconds each; others are served between two reads. */
const eventsPerRead = 500;

/**
 * Events of `partition` with a sequence above `after`, in order, at most `limit`, as ECS announces them: attributes that
 * the stored form leaves to an earlier event of the same instance are put in again. `giveWay` lets others be served.
 */
export async function readWholeEvents(
  store: Store,
  partition: string,
  after: number,
  limit: number,
  giveWay: () => Promise<void>,
): Promise<StoredEvent[]> {
  const attributes = new Map<number, unknown>();
  const attributesOf = async (sequence: number): Promise<unknown> => {
    if (!attributes.has(sequence)) {
      const [event] = await store.readEvents(partition, sequence - 1, 1);
      attributes.set(sequence, event === undefined ? [] : (JSON.parse(event.body) as EcsEvent).detail.attributes);
    }
    return attributes.get(sequence);
  };
  const whole: StoredEvent[] = [];
  let last = after;
  while (whole.length < limit) {
    const wanted = Math.min(limit - whole.length, eventsPerRead);
    const stored = await store.readEvents(partition, last, wanted);
    for (const event of stored) whole.push(await wholeEvent(event, attributesOf));
    if (stored.length < wanted) break;
    last = stored.at(-1)?.sequence ?? last;
    await giveWay();
  }
  return whole;
}

async function wholeEvent(
  event: StoredEvent,
  attributesOf: (sequence: number) => Promise<unknown>,
): Promise<StoredEvent> {
  const { attributesIn, ...content } = JSON.parse(event.body) as EcsEvent;
  if (attributesIn === undefined) return event;
  const detail = { ...content.detail, attributes: await attributesOf(attributesIn) };
  return { sequence: event.sequence, body: JSON.stringify({ ...content, detail }) };
}
