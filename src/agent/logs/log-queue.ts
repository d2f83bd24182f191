import type { LogEvent } from "./log-event.ts";

/** AWS: the bounds of a PutLogEvents call: bytes with the overhead of each event, events, and the time that they span. */
const batchBytesMax = 1_048_576;
const batchEventsMax = 10_000;
const batchSpanMs = 24 * 3_600_000;

/** Events that wait to be sent, up to a number of bytes. */
export class LogQueue {
  readonly #bytesMax: number;
  #events: LogEvent[] = [];
  /** How many at the front of the list are gone. The list is cut now and then, because each cut moves it. */
  #gone = 0;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get isEmpty(): boolean {
    return this.#gone === this.#events.length;
  }

  get isFull(): boolean {
    return this.#bytes >= this.#bytesMax;
  }

  /** Whether there is room for the event. The first always has room. */
  hasRoomFor({ bytes }: LogEvent): boolean {
    return this.isEmpty || this.#bytes + bytes <= this.#bytesMax;
  }

  add(event: LogEvent): void {
    this.#events.push(event);
    this.#bytes += event.bytes;
  }

  /** The longest run of events from the front that one call takes, in the order of arrival. They stay until `drop`. */
  batch(): readonly LogEvent[] {
    let bytes = 0;
    let first = Number.POSITIVE_INFINITY;
    let last = Number.NEGATIVE_INFINITY;
    let end = this.#gone;
    for (; end < this.#events.length && end - this.#gone < batchEventsMax; end++) {
      const event = this.#events[end];
      if (event === undefined) break;
      first = Math.min(first, event.timestamp);
      last = Math.max(last, event.timestamp);
      bytes += event.bytes;
      if (bytes > batchBytesMax || last - first >= batchSpanMs) break;
    }
    return this.#events.slice(this.#gone, end);
  }

  /** Removes the batch from the front. */
  drop(batch: readonly LogEvent[]): void {
    for (const { bytes } of batch) this.#bytes -= bytes;
    this.#gone += batch.length;
    if (this.#gone * 2 < this.#events.length) return;
    this.#events = this.#events.slice(this.#gone);
    this.#gone = 0;
  }
}

/** AWS: a call's events are in the order of their times. */
export const inOrder = (
  batch: readonly LogEvent[],
): readonly { readonly timestamp: number; readonly message: string }[] =>
  batch
    .map(({ timestamp, text }) => ({ timestamp, message: text }))
    .sort((one, other) => one.timestamp - other.timestamp);
