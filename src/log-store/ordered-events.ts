import type { InputLogEvent } from "../logs/accept-log-events.ts";
import { comparePositions, type EventPosition } from "../logs/event-position.ts";
import { decodedChunk } from "./event-chunk.ts";

/** A row of chunks without its body. */
export type ChunkRow = {
  readonly n: number;
  readonly s: number;
  readonly first: number;
  readonly last: number;
  readonly ingested: number;
};

export type OrderedEvent = EventPosition & {
  readonly message: string;
  readonly ingestionTime: number;
  readonly s: number;
};

/** A chunk that is open, and its next event. */
type OpenChunk = { readonly row: ChunkRow; readonly events: readonly InputLogEvent[]; at: number };

export type Direction = "forward" | "backward";

/**
 * Events in the order of their positions, or in the reverse order, from rows in the order of `first` (backward: of `last`, falling). A chunk's body is
 * read when its first event may be next, so chunks that overlap are open at once, and no others. Yields null after each row that
 * was read, so that the caller can stop.
 */
export function* orderedEvents(
  rows: Iterable<ChunkRow>,
  bodyOf: (n: number) => Uint8Array | null,
  direction: Direction,
): Generator<OrderedEvent | null, void, void> {
  const isForward = direction === "forward";
  const open: OpenChunk[] = [];
  for (const row of rows) {
    const edge = isForward ? row.first : row.last;
    // Nothing in this row or a later one comes before these.
    yield* taken(open, isForward, (timestamp) => (isForward ? timestamp < edge : timestamp > edge));
    const body = bodyOf(row.n);
    if (body === null) continue;
    const events = decodedChunk(body);
    insert(open, { row, events, at: isForward ? 0 : events.length - 1 }, isForward);
    yield null;
  }
  yield* taken(open, isForward, () => true);
}

function* taken(
  open: OpenChunk[],
  isForward: boolean,
  isNext: (timestamp: number) => boolean,
): Generator<OrderedEvent, void, void> {
  for (;;) {
    const nearest = open.at(-1);
    const event = nearest?.events[nearest.at];
    if (nearest === undefined || event === undefined || !isNext(event.timestamp)) return;
    const { row, at } = nearest;
    yield {
      timestamp: event.timestamp,
      batch: row.n,
      index: at,
      message: event.message,
      ingestionTime: row.ingested,
      s: row.s,
    };
    nearest.at += isForward ? 1 : -1;
    open.pop();
    if (nearest.at >= 0 && nearest.at < nearest.events.length) insert(open, nearest, isForward);
  }
}

/** Keeps the chunk whose event is next at the end. */
function insert(open: OpenChunk[], chunk: OpenChunk, isForward: boolean): void {
  const position = positionIn(chunk);
  let low = 0;
  let high = open.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const order = comparePositions(positionIn(open[middle] as OpenChunk), position);
    const isLater = isForward ? order > 0 : order < 0;
    if (isLater) low = middle + 1;
    else high = middle;
  }
  open.splice(low, 0, chunk);
}

function positionIn({ row, events, at }: OpenChunk): EventPosition {
  return { timestamp: events[at]?.timestamp ?? 0, batch: row.n, index: at };
}
