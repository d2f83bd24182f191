import type { DatabaseSync } from "node:sqlite";
import { forgottenDownTo } from "../append-refusal.ts";
import type { Append, StoredEvent } from "../store.ts";
import { packTexts, unpackTexts } from "./packed-texts.ts";

/**
 * LIMIT: a row holds this many events and this much text; a reader unpacks whole rows, in a fifth of a millisecond. Larger rows are packed
 * hardly smaller.
 */
const eventsPerRow = 256;
const charactersPerRow = 262_144;

/** A row of the table `events`. */
export type EventRow = { readonly sequence: number; readonly count: number; readonly body: unknown };

/** A partition's row as far as events are concerned. */
export type EventHead = {
  readonly id: number;
  readonly lastSequence: number;
  /** The bytes of the bodies that are not forgotten. */
  readonly bytes: number;
  /** Events up to this sequence are forgotten. */
  readonly forgotten: number;
};

/** The events of a row, in order. Throws PackedTextError if it is damaged. */
export function eventsOfRow({ sequence, count, body }: EventRow): StoredEvent[] {
  const first = sequence - count + 1;
  return unpackTexts(body, count).map((text, at) => ({ sequence: first + at, body: text ?? "" }));
}

/** The events of a database: many in a row, because rows and index entries cost more than text. */
export class EventRows {
  readonly #add;
  readonly #later;
  readonly #oldest;
  readonly #delete;
  readonly #first;

  constructor(database: DatabaseSync) {
    this.#add = database.prepare(
      "INSERT INTO events (partition_id, sequence, count, bytes, body) VALUES (?, ?, ?, ?, ?)",
    );
    this.#later = database.prepare(
      "SELECT sequence, count, body FROM events WHERE partition_id = ? AND sequence > ? ORDER BY sequence",
    );
    this.#oldest = database.prepare(
      "SELECT sequence, count, bytes, body FROM events WHERE partition_id = ? ORDER BY sequence",
    );
    this.#delete = database.prepare("DELETE FROM events WHERE partition_id = ? AND sequence <= ?");
    this.#first = database.prepare(
      "SELECT sequence - count + 1 AS first FROM events WHERE partition_id = ? ORDER BY sequence LIMIT 1",
    );
  }

  /** Adds the events of an append and forgets those that it says or that have no room. Runs in a transaction. */
  append(head: EventHead, append: Append): EventHead {
    let bytes = head.bytes;
    for (const row of rowsOf(append.events)) {
      const size = row.reduce((sum, { body }) => sum + Buffer.byteLength(body), 0);
      const last = row.at(-1)?.sequence ?? 0;
      this.#add.run(head.id, last, row.length, size, packTexts(row.map(({ body }) => body)));
      bytes += size;
    }
    const lastSequence = append.events.at(-1)?.sequence ?? head.lastSequence;
    return this.#forget({ ...head, lastSequence, bytes }, append);
  }

  #forget(head: EventHead, { forgetEventsThrough = 0, eventBytesMax = Number.POSITIVE_INFINITY }: Append): EventHead {
    let { bytes, forgotten } = head;
    if (forgetEventsThrough <= forgotten && bytes <= eventBytesMax) return head;
    const bytesMax = bytes <= eventBytesMax ? eventBytesMax : forgottenDownTo(eventBytesMax);
    const isKept = (sequence: number): boolean => sequence > forgetEventsThrough && bytes <= bytesMax;
    for (const row of this.#oldest.iterate(head.id)) {
      const { sequence: last, count } = { sequence: Number(row.sequence), count: Number(row.count) };
      if (last <= forgotten) continue;
      if (isKept(Math.max(forgotten + 1, last - count + 1))) break;
      if (last <= forgetEventsThrough && forgotten <= last - count) {
        bytes -= Number(row.bytes);
        forgotten = last;
        continue;
      }
      for (const { sequence, body } of eventsOfRow({ sequence: last, count, body: row.body })) {
        if (sequence <= forgotten) continue;
        if (isKept(sequence)) break;
        bytes -= Buffer.byteLength(body);
        forgotten = sequence;
      }
    }
    this.#delete.run(head.id, forgotten);
    return { ...head, bytes, forgotten };
  }

  /**
   * The events after `afterSequence`, at most `limit`, and the first missing one between events that are there, or null. Those before the
   * oldest are forgotten. Throws PackedTextError if a row is damaged.
   */
  read(
    { id, lastSequence, forgotten }: EventHead,
    afterSequence: number,
    limit: number,
  ): { readonly events: StoredEvent[]; readonly missing: number | null } {
    const events: StoredEvent[] = [];
    const first = this.#first.get(id)?.first;
    if (limit === 0 || first === undefined) return { events, missing: null };
    let expected = Math.max(afterSequence + 1, Number(first), forgotten + 1);
    for (const { sequence, count, body } of this.#later.iterate(id, expected - 1)) {
      for (const event of eventsOfRow({ sequence: Number(sequence), count: Number(count), body })) {
        if (event.sequence < expected) continue;
        if (event.sequence > expected) return { events, missing: expected };
        events.push(event);
        expected += 1;
        if (events.length === limit) return { events, missing: null };
      }
    }
    return { events, missing: expected <= lastSequence ? expected : null };
  }
}

/** The events in the portions that become rows. */
function rowsOf(events: readonly StoredEvent[]): StoredEvent[][] {
  const rows: StoredEvent[][] = [];
  let characters = 0;
  for (const event of events) {
    const row = rows.at(-1);
    if (row === undefined || row.length === eventsPerRow || characters + event.body.length > charactersPerRow) {
      rows.push([event]);
      characters = 0;
    } else row.push(event);
    characters += event.body.length;
  }
  return rows;
}
