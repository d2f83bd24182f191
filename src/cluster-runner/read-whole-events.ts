import type { EcsEvent } from "../ecs/events/event.ts";
import type { Store, StoredEvent } from "../store/store.ts";

/**
 * Events of `partition` with a sequence above `after`, in order, at most `limit`, as ECS announces them: attributes that
 * the stored form leaves to an earlier event of the same instance are put in again.
 */
export async function readWholeEvents(
  store: Store,
  partition: string,
  after: number,
  limit: number,
): Promise<StoredEvent[]> {
  const stored = await store.readEvents(partition, after, limit);
  const attributes = new Map<number, unknown>();
  const attributesOf = async (sequence: number): Promise<unknown> => {
    if (!attributes.has(sequence)) {
      const [event] = await store.readEvents(partition, sequence - 1, 1);
      attributes.set(sequence, event === undefined ? [] : (JSON.parse(event.body) as EcsEvent).detail.attributes);
    }
    return attributes.get(sequence);
  };
  const whole: StoredEvent[] = [];
  for (const event of stored) {
    const { attributesIn, ...content } = JSON.parse(event.body) as EcsEvent;
    if (attributesIn === undefined) {
      whole.push(event);
      continue;
    }
    const detail = { ...content.detail, attributes: await attributesOf(attributesIn) };
    whole.push({ sequence: event.sequence, body: JSON.stringify({ ...content, detail }) });
  }
  return whole;
}
