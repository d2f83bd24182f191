import type { DatabaseSync } from "node:sqlite";
import { acceptLogEvents, type InputLogEvent, type RejectedLogEventsInfo } from "../logs/accept-log-events.ts";
import { dayMs, logLimits } from "../logs/log-limits.ts";
import type { LogGroupReference } from "../logs/log-questions.ts";
import { refuseLogs } from "../logs/log-refusal.ts";
import { chunksOf } from "./event-chunk.ts";
import type { LogTables, StreamRow } from "./log-tables.ts";

/** LIMIT: a transaction that deletes more would keep batches waiting. */
const deletedAtOnce = 500;

/** LIMIT: deletes a twentieth at a time, so that not every batch of a full store deletes something. */
const evictionShare = 0.05;

/** Events that were stored, for followers. */
export type Written = {
  readonly groupId: string;
  readonly streamName: string;
  readonly ingestionTime: number;
  readonly events: readonly InputLogEvent[];
};

export type WriterCounts = { storedEvents: number; evictedEvents: number };

/** Changes the tables, within transactions that its caller begins and ends. */
export class LogWriter {
  readonly #tables: LogTables;
  readonly #bytesMax: number;
  /** What the transaction under way has done so far. */
  #pending: WriterCounts = { storedEvents: 0, evictedEvents: 0 };
  #written: Written[] = [];
  readonly counts: WriterCounts = { storedEvents: 0, evictedEvents: 0 };

  constructor(tables: LogTables, bytesMax: number) {
    this.#tables = tables;
    this.#bytesMax = bytesMax;
  }

  get database(): DatabaseSync {
    return this.#tables.database;
  }

  get bytes(): number {
    return this.#tables.bytes;
  }

  append(
    group: LogGroupReference,
    streamName: string,
    events: readonly InputLogEvent[],
    now: number,
  ): RejectedLogEventsInfo | null {
    const stream = this.#tables.stream(group.id, streamName);
    const { from, to, rejected } = acceptLogEvents(events, { now, retentionDays: group.retentionDays });
    this.#tables.groupNumber(group);
    if (to > from) this.#store(group.id, streamName, stream, events.slice(from, to), now);
    return rejected;
  }

  #store(groupId: string, streamName: string, stream: StreamRow, events: readonly InputLogEvent[], now: number): void {
    this.#tables.insertChunks(stream, chunksOf(events), now);
    this.#pending.storedEvents += events.length;
    this.#written.push({ groupId, streamName, ingestionTime: now, events });
  }

  createStream(group: LogGroupReference, name: string, now: number): void {
    if (!this.#tables.createStream(group, name, now)) {
      refuseLogs("ResourceAlreadyExistsException", "The specified log stream already exists");
    }
  }

  deleteStream(group: LogGroupReference, name: string): void {
    this.#tables.deleteStream(group.id, name);
  }

  deleteGroup(groupId: string): void {
    this.#tables.deleteGroup(groupId);
  }

  /** Makes room, and deletes some of what is no longer wanted. To be called in each transaction. */
  tidy(): void {
    if (this.bytes > this.#bytesMax) {
      const until = this.#bytesMax * (1 - evictionShare);
      while (this.bytes > until) {
        const { rows, events } = this.#tables.deleteChunks("n > ? ORDER BY n", [0], deletedAtOnce, this.bytes - until);
        this.#pending.evictedEvents += events;
        if (rows === 0) break;
      }
    }
    this.#tables.collectGarbage(deletedAtOnce);
  }

  /** Deletes some of what retention no longer keeps, and empty streams that are as old. True if there may be more. */
  sweep(now: number): boolean {
    let more = this.#tables.collectGarbage(deletedAtOnce);
    const groups = this.#tables.sql("SELECT g, retention FROM groups WHERE retention IS NOT NULL").all();
    for (const { g, retention } of groups) {
      const oldest = now - Number(retention) * dayMs;
      const { rows } = this.#tables.deleteChunks(
        "g = ? AND first < ? AND last < ?",
        [Number(g), oldest, oldest],
        deletedAtOnce,
      );
      if (rows === deletedAtOnce) more = true;
    }
    return more;
  }

  /**
   * Deletes streams that are empty and were last written, or made, longer ago than any event is accepted or kept.
   * DIFFERS: an empty log stream is deleted when nothing was written to it for 14 days, or for the group's retention if that is longer. AWS keeps it; here every task leaves one, so they would grow without end.
   */
  deleteEmptyStreams(now: number): void {
    this.#tables
      .sql(
        `DELETE FROM streams WHERE max(created, ingested) < ?1 - max(?2, ?3 * coalesce((SELECT retention FROM groups WHERE groups.g = streams.g), 0))
         AND NOT EXISTS (SELECT 1 FROM chunks WHERE chunks.s = streams.s)`,
      )
      .run(now, logLimits.oldestMs, dayMs);
    this.#tables.forget();
  }

  /** The transaction is durable: what it did counts. Gives what it stored. */
  committed(): readonly Written[] {
    this.counts.storedEvents += this.#pending.storedEvents;
    this.counts.evictedEvents += this.#pending.evictedEvents;
    return this.#reset();
  }

  /** The transaction was rolled back. Gives the number of events that are lost. */
  failed(): number {
    const lost = this.#pending.storedEvents;
    this.#reset();
    this.#tables.forget();
    return lost;
  }

  #reset(): readonly Written[] {
    const written = this.#written;
    this.#written = [];
    this.#pending = { storedEvents: 0, evictedEvents: 0 };
    return written;
  }
}
