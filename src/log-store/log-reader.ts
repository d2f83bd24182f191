import { utf8Bytes } from "../logs/accept-log-events.ts";
import { comparePositions, type EventPosition, positionAlone } from "../logs/event-position.ts";
import { parseFilterPattern } from "../logs/filter-pattern/filter-pattern.ts";
import { dayMs, logLimits } from "../logs/log-limits.ts";
import type {
  GroupPage,
  GroupQuestion,
  LogGroupReference,
  StoredEvent,
  StoredStream,
  StreamQuestion,
  StreamsPage,
  StreamsQuestion,
} from "../logs/log-questions.ts";
import { chunkSpanMs } from "./event-chunk.ts";
import type { LogTables } from "./log-tables.ts";
import { type ChunkRow, type OrderedEvent, orderedEvents } from "./ordered-events.ts";

/** LIMIT: batches wait for a read that is under way; a search that needs longer gives what it found, and a token. */
const searchMs = 50;

const endOfTime = Number.MAX_SAFE_INTEGER;

/** Reads streams and events from the tables. */
export class LogReader {
  readonly #tables: LogTables;
  readonly #stopwatch: () => number;

  /** `stopwatch` gives milliseconds, and bounds searches. */
  constructor(tables: LogTables, stopwatch: () => number) {
    this.#tables = tables;
    this.#stopwatch = stopwatch;
  }

  /** Ascending, whatever the direction. */
  readStream(group: LogGroupReference, question: StreamQuestion, now: number): StoredEvent[] {
    const { streamName, direction, from, limit } = question;
    const { s } = this.#tables.stream(group.id, streamName);
    const start = Math.max(question.startTime ?? 0, oldestKept(group, now));
    const end = question.endTime ?? endOfTime;
    const isForward = direction === "forward";
    const rows = isForward
      ? this.#streamForward(s, Math.max(start, from?.timestamp ?? 0), end)
      : this.#streamBackward(s, start, Math.min(end - 1, from?.timestamp ?? endOfTime));
    const events: StoredEvent[] = [];
    let bytes = 0;
    for (const event of orderedEvents(rows, this.#bodyOf, direction)) {
      if (event === null || event.timestamp < start || event.timestamp >= end) continue;
      if (from !== null && (isForward ? comparePositions(event, from) <= 0 : comparePositions(event, from) >= 0))
        continue;
      bytes += sizeOf(event);
      // The first one always fits, because a batch is no larger than a page.
      if (events.length >= limit || (bytes > logLimits.pageBytes && events.length > 0)) break;
      events.push(stored(event, streamName));
    }
    return isForward ? events : events.reverse();
  }

  /** Refuses streams by name that do not exist. Throws FilterPatternError for a pattern that is none. */
  readGroup(group: LogGroupReference, question: GroupQuestion, now: number): GroupPage {
    const { after, limit, streamNames, filterPattern } = question;
    const matches = parseFilterPattern(filterPattern ?? "");
    const wanted = this.#wantedStreams(group, question);
    const g = this.#tables.findGroup(group.id);
    if (g === null) return { events: [], next: null };
    const start = Math.max(question.startTime ?? 0, oldestKept(group, now));
    const end = question.endTime === null ? endOfTime : question.endTime + 1;
    const from = Math.max(start, after?.timestamp ?? 0);
    const only = streamNames?.length === 1 ? this.#tables.stream(group.id, streamNames[0] ?? "").s : null;
    const all = only === null ? this.#groupForward(g, from, end) : this.#streamForward(only, from, end);
    const search = new Search(all, (s) => wanted(s) !== null, from, this.#stopwatch);
    const events: StoredEvent[] = [];
    let bytes = 0;
    let last: EventPosition | null = after;
    for (const event of orderedEvents(search.rows(), this.#bodyOf, "forward")) {
      if (event === null) continue;
      if (search.stoppedAt !== null && event.timestamp >= search.stoppedAt) break;
      if (event.timestamp < start || (after !== null && comparePositions(event, after) <= 0)) continue;
      if (event.timestamp >= end) break;
      if (matches(event.message)) {
        bytes += sizeOf(event);
        if (events.length >= limit || (bytes > logLimits.pageBytes && events.length > 0)) return { events, next: last };
        events.push(stored(event, wanted(event.s) ?? ""));
      }
      last = event;
      if (search.isOver(event.timestamp)) return { events, next: positionAlone(event) };
    }
    if (search.stoppedAt === null) return { events, next: null };
    return { events, next: { timestamp: search.stoppedAt - 1, batch: endOfTime, index: indexMax } };
  }

  describeStreams(group: LogGroupReference, question: StreamsQuestion, now: number): StreamsPage {
    const g = this.#tables.findGroup(group.id);
    if (g === null) return { streams: [], more: false };
    const rows = this.#streamRows(g, question);
    const oldest = oldestKept(group, now);
    const streams = rows.slice(0, question.limit).map((row) => this.#streamOf(row, oldest));
    return { streams, more: rows.length > question.limit };
  }

  storedBytes(groupIds: readonly string[]): number[] {
    return groupIds.map((id) => Number(this.#tables.sql("SELECT bytes FROM groups WHERE id = ?").get(id)?.bytes ?? 0));
  }

  #streamRows(g: number, { prefix, orderBy, descending, after, limit }: StreamsQuestion): Record<string, unknown>[] {
    const [order, than] = descending ? ["DESC", "<"] : ["ASC", ">"];
    const columns = "SELECT s, name, created, last, ingested FROM streams WHERE g = ?";
    if (orderBy === "LastEventTime") {
      const where = after === null ? "" : `AND (last, name) ${than} (?, ?)`;
      const values = after === null ? [] : [after.lastEventTimestamp, after.name];
      return this.#tables
        .sql(`${columns} ${where} ORDER BY last ${order}, name ${order} LIMIT ?`)
        .all(g, ...values, limit + 1);
    }
    const where = `${prefix === null ? "" : "AND substr(name, 1, length(?)) = ?"} ${after === null ? "" : `AND name ${than} ?`}`;
    const values = [...(prefix === null ? [] : [prefix, prefix]), ...(after === null ? [] : [after.name])];
    return this.#tables.sql(`${columns} ${where} ORDER BY name ${order} LIMIT ?`).all(g, ...values, limit + 1);
  }

  #streamOf(row: Record<string, unknown>, oldest: number): StoredStream {
    const last = Number(row.last);
    const first = this.#tables
      .sql("SELECT first FROM chunks WHERE s = ? AND last >= ? ORDER BY first LIMIT 1")
      .get(Number(row.s), oldest);
    return {
      name: String(row.name),
      creationTime: Number(row.created),
      firstEventTimestamp: first === undefined ? null : Math.max(Number(first.first), oldest),
      lastEventTimestamp: last === 0 ? null : last,
      lastIngestionTime: Number(row.ingested) === 0 ? null : Number(row.ingested),
    };
  }

  /** Gives the name of each stream that is wanted, by its number; null for others. */
  #wantedStreams(
    group: LogGroupReference,
    { streamNames, streamNamePrefix }: GroupQuestion,
  ): (s: number) => string | null {
    const names = streamNames === null ? null : new Set(streamNames);
    for (const name of names ?? []) this.#tables.stream(group.id, name);
    const known = new Map<number, string | null>();
    return (s) => {
      const before = known.get(s);
      if (before !== undefined) return before;
      const row = this.#tables.sql("SELECT name FROM streams WHERE s = ?").get(s);
      // Its stream was deleted.
      const name = row === undefined ? null : String(row.name);
      const isWanted = name !== null && (names?.has(name) ?? true) && name.startsWith(streamNamePrefix ?? "");
      known.set(s, isWanted ? name : null);
      return isWanted ? name : null;
    };
  }

  readonly #bodyOf = (n: number): Uint8Array | null => {
    const row = this.#tables.sql("SELECT body FROM chunks WHERE n = ?").get(n);
    return row?.body instanceof Uint8Array ? row.body : null;
  };

  #streamForward(s: number, from: number, end: number): Iterable<ChunkRow> {
    return this.#rows(
      "SELECT n, s, first, last, ingested FROM chunks WHERE s = ? AND first >= ? AND first < ? AND last >= ? ORDER BY first, n",
      [s, from - chunkSpanMs, end, from],
    );
  }

  #streamBackward(s: number, start: number, upTo: number): Iterable<ChunkRow> {
    return this.#rows(
      "SELECT n, s, first, last, ingested FROM chunks WHERE s = ? AND last >= ? AND last <= ? AND first <= ? ORDER BY last DESC, n DESC",
      [s, start, upTo + chunkSpanMs, upTo],
    );
  }

  #groupForward(g: number, from: number, end: number): Iterable<ChunkRow> {
    return this.#rows(
      "SELECT n, s, first, last, ingested FROM chunks WHERE g = ? AND first >= ? AND first < ? AND last >= ? ORDER BY first, n",
      [g, from - chunkSpanMs, end, from],
    );
  }

  #rows(text: string, values: readonly number[]): Iterable<ChunkRow> {
    // All columns are numbers.
    return this.#tables.sql(text).iterate(...values) as unknown as Iterable<ChunkRow>;
  }
}

/** Ends a search that takes too long, at a place where it can be continued. */
class Search {
  /** No row from here on was read; null until the search was ended. */
  stoppedAt: number | null = null;
  readonly #all: Iterable<ChunkRow>;
  readonly #isWanted: (s: number) => boolean;
  readonly #from: number;
  readonly #stopwatch: () => number;
  readonly #begun: number;

  constructor(all: Iterable<ChunkRow>, isWanted: (s: number) => boolean, from: number, stopwatch: () => number) {
    this.#all = all;
    this.#isWanted = isWanted;
    this.#from = from;
    this.#stopwatch = stopwatch;
    this.#begun = stopwatch();
  }

  *rows(): Generator<ChunkRow, void, void> {
    for (const row of this.#all) {
      // Rows at the start are always read: a search that is continued must get further than the one before.
      if (row.first > this.#from + 1 && this.#isLate()) {
        this.stoppedAt = row.first;
        return;
      }
      if (this.#isWanted(row.s)) yield row;
    }
  }

  /** Whether to stop behind an event at `timestamp`. */
  isOver(timestamp: number): boolean {
    return timestamp > this.#from && this.#isLate();
  }

  #isLate(): boolean {
    return this.#stopwatch() - this.#begun > searchMs;
  }
}

/** As many digits as an event id has room for. */
const indexMax = 9_999_999_999;

const sizeOf = ({ message }: OrderedEvent): number => utf8Bytes(message) + logLimits.eventOverheadBytes;

function stored({ timestamp, batch, index, message, ingestionTime }: OrderedEvent, streamName: string): StoredEvent {
  return { timestamp, batch, index, message, ingestionTime, streamName };
}

/** The time of the oldest event that the group's retention keeps. */
export function oldestKept({ retentionDays }: LogGroupReference, now: number): number {
  return retentionDays === null ? 0 : now - retentionDays * dayMs;
}
