/**
 * Where an event is among all events: by time, then by the order in which batches arrived, then within the batch. Events of one
 * stream or group are read in this order, and event ids and page tokens are written from it.
 */
export type EventPosition = { readonly timestamp: number; readonly batch: number; readonly index: number };

/** Before every event. */
export const firstPosition: EventPosition = { timestamp: 0, batch: 0, index: 0 };

/** Below zero if `a` comes before `b`, zero if they are the same. */
export function comparePositions(a: EventPosition, b: EventPosition): number {
  return a.timestamp - b.timestamp || a.batch - b.batch || a.index - b.index;
}

// AWS: event ids are decimal numbers of 56 digits that rise with the time.
const timestampDigits = 14;
const batchDigits = 32;
const indexDigits = 10;

/** The id of the event at a position. */
export function eventIdOf({ timestamp, batch, index }: EventPosition): string {
  return digits(timestamp, timestampDigits) + digits(batch, batchDigits) + digits(index, indexDigits);
}

const digits = (value: number, length: number): string => String(value).padStart(length, "0");

/** The position that an event id was written from; null for any other text. */
export function positionOf(eventId: string): EventPosition | null {
  if (!/^\d{56}$/.test(eventId)) return null;
  const timestamp = Number(eventId.slice(0, timestampDigits));
  const batch = Number(eventId.slice(timestampDigits, timestampDigits + batchDigits));
  const index = Number(eventId.slice(timestampDigits + batchDigits));
  return Number.isSafeInteger(batch) ? { timestamp, batch, index } : null;
}

/** The position directly behind `position`. */
export const behind = ({ timestamp, batch, index }: EventPosition): EventPosition => ({
  timestamp,
  batch,
  index: index + 1,
});

/** The position of something that has more members. */
export const positionAlone = ({ timestamp, batch, index }: EventPosition): EventPosition => ({
  timestamp,
  batch,
  index,
});
