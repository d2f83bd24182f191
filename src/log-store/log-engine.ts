import { Refusal } from "../ecs/refusals.ts";
import { must, never } from "../lib/assert.ts";
import { positionAlone } from "../logs/event-position.ts";
import { filteredEventsText } from "../logs/filter-log-events.ts";
import { FilterPatternError } from "../logs/filter-pattern/filter-pattern-error.ts";
import { outputEventsText } from "../logs/get-log-events.ts";
import type { FollowedEvents, GroupPage, GroupText, StoredEvent, StreamText } from "../logs/log-questions.ts";
import { Followers } from "./followers.ts";
import { LogReader } from "./log-reader.ts";
import type {
  AnswerValue,
  Failure,
  NumberedAnswer,
  NumberedRequest,
  ReadRequest,
  ThreadCondition,
  WriteRequest,
} from "./log-requests.ts";
import { LogTables } from "./log-tables.ts";
import { LogWriter } from "./log-writer.ts";
import { openLogDatabase } from "./open-log-database.ts";
import { ReceivedBatches } from "./received-batches.ts";

/** LIMIT: what a power failure may take back of acknowledged events. A kill of the process takes nothing. */
export const syncIntervalMs = 1_000;

export type EngineOptions = {
  /** Null keeps everything in memory. */
  readonly file: string | null;
  readonly bytesMax: number;
  /** Milliseconds from any start. */
  readonly stopwatch: () => number;
  readonly deliver: (follower: number, followed: FollowedEvents) => void;
};

/** Answers requests from one database: what the thread of the log store does. All of it is synchronous. */
export class LogEngine {
  readonly #writer: LogWriter;
  readonly #reader: LogReader;
  readonly #followers: Followers;
  readonly #batches = new ReceivedBatches();
  readonly #stopwatch: () => number;
  #failing: string | null = null;
  #failedEvents = 0;
  #syncedAt: number;
  #hasUnsynced = false;

  /** Throws what `openLogDatabase` throws. */
  constructor({ file, bytesMax, stopwatch, deliver }: EngineOptions) {
    const tables = new LogTables(openLogDatabase(file));
    this.#writer = new LogWriter(tables, bytesMax);
    this.#reader = new LogReader(tables, stopwatch);
    this.#followers = new Followers(deliver);
    this.#stopwatch = stopwatch;
    this.#syncedAt = stopwatch();
  }

  condition(): ThreadCondition {
    const { counts, bytes } = this.#writer;
    return { failing: this.#failing, bytes, ...counts, failedEvents: this.#failedEvents };
  }

  /** True while events are written and not yet synchronised; `sync` must follow within the interval. */
  get hasUnsynced(): boolean {
    return this.#hasUnsynced;
  }

  /** Answers requests in order; the writes among them share one transaction and come first. */
  answer(requests: readonly NumberedRequest[]): NumberedAnswer[] {
    const answers: NumberedAnswer[] = [];
    const writes: { readonly id: number; readonly request: WriteRequest }[] = [];
    const reads: { readonly id: number; readonly request: ReadRequest }[] = [];
    for (const { id, request } of requests) {
      switch (request.type) {
        case "receive":
          answers.push(attempt(id, () => this.#batches.receive(request.ticket, request.body)));
          break;
        case "drop":
          this.#batches.take(request.ticket);
          break;
        case "follow":
          answers.push(attempt(id, () => this.#followers.follow(request.follower, request.question)));
          break;
        case "unfollow":
          this.#followers.unfollow(request.follower);
          break;
        case "taken":
          this.#followers.taken(request.follower);
          break;
        case "append":
        case "create-stream":
        case "delete-stream":
        case "delete-group":
        case "sweep":
          writes.push({ id, request });
          break;
        default:
          reads.push({ id, request });
      }
    }
    if (writes.length > 0) answers.push(...this.#write(writes));
    for (const { id, request } of reads) answers.push(attemptRead(id, () => this.#read(request)));
    return answers;
  }

  /** Synchronises what is written. Never throws: a failure is in the condition. */
  sync(): void {
    if (!this.#hasUnsynced) return;
    this.#transaction(true, () => this.#writer.database.exec("UPDATE totals SET bytes = bytes"));
  }

  /** Synchronises and closes the database. */
  close(): void {
    this.sync();
    this.#writer.database.close();
  }

  #write(writes: readonly { readonly id: number; readonly request: WriteRequest }[]): NumberedAnswer[] {
    const answers: NumberedAnswer[] = [];
    // Streams that come and go are rare, and a task counts on them.
    const isUrgent = writes.some(({ request }) => request.type !== "append" && request.type !== "sweep");
    const failure = this.#transaction(isUrgent, () => {
      for (const { id, request } of writes) answers.push(attempt(id, () => this.#apply(request)));
      this.#writer.tidy();
    });
    if (failure === null) return answers;
    // What was refused stays refused; all else was taken back.
    const known = new Map(answers.map((answer) => [answer.id, answer]));
    return writes.map(({ id }) => {
      const answer = known.get(id);
      return answer?.ok === false ? answer : { id, ok: false, failure };
    });
  }

  /** Gives why nothing was written, or null. */
  #transaction(synchronised: boolean, change: () => void): Failure | null {
    const { database } = this.#writer;
    const now = this.#stopwatch();
    const full = synchronised || now - this.#syncedAt >= syncIntervalMs;
    try {
      // SQLite synchronises the whole of its log at a commit that is FULL, and with it the commits before.
      database.exec(full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
      database.exec("BEGIN IMMEDIATE");
      change();
      database.exec("COMMIT");
    } catch (error) {
      return this.#rolledBack(error);
    }
    this.#failing = null;
    this.#hasUnsynced = !full;
    if (full) this.#syncedAt = now;
    this.#followers.written(this.#writer.committed());
    return null;
  }

  #rolledBack(error: unknown): Failure {
    const { database } = this.#writer;
    if (database.isTransaction) database.exec("ROLLBACK");
    const message = error instanceof Error ? error.message : String(error);
    this.#failing = message;
    this.#failedEvents += this.#writer.failed();
    return { code: "ServiceUnavailableException", message: `The log store cannot write: ${message}.` };
  }

  #apply(request: WriteRequest): AnswerValue {
    switch (request.type) {
      case "append": {
        const { logStreamName, events } = must(this.#batches.take(request.ticket), "a received batch");
        return this.#writer.append(request.group, logStreamName, events, request.now);
      }
      case "create-stream":
        this.#writer.createStream(request.group, request.name, request.now);
        return null;
      case "delete-stream":
        this.#writer.deleteStream(request.group, request.name);
        return null;
      case "delete-group":
        this.#writer.deleteGroup(request.groupId);
        return null;
      case "sweep":
        if (request.streamsToo) this.#writer.deleteEmptyStreams(request.now);
        return this.#writer.sweep(request.now);
      default:
        return never(request, "write of the log store");
    }
  }

  #read(request: ReadRequest): AnswerValue {
    switch (request.type) {
      case "describe-streams":
        return this.#reader.describeStreams(request.group, request.question, request.now);
      case "read-stream":
        return streamText(this.#reader.readStream(request.group, request.question, request.now));
      case "read-group":
        return groupText(this.#reader.readGroup(request.group, request.question, request.now));
      case "stored-bytes":
        return this.#reader.storedBytes(request.groupIds);
      default:
        return never(request, "read of the log store");
    }
  }
}

/** Written here, because a page of a megabyte would keep the main thread for ten milliseconds. */
function streamText(events: readonly StoredEvent[]): StreamText {
  const [first, last] = [events[0] ?? null, events.at(-1) ?? null];
  return { text: outputEventsText(events), first: first && positionAlone(first), last: last && positionAlone(last) };
}

const groupText = ({ events, next }: GroupPage): GroupText => ({ text: filteredEventsText(events), next });

function attempt(id: number, work: () => AnswerValue): NumberedAnswer {
  try {
    return { id, ok: true, value: work() };
  } catch (error) {
    return { id, ok: false, failure: failureOf(error) };
  }
}

/** A read that the database fails says so, and fails nothing else. */
function attemptRead(id: number, work: () => AnswerValue): NumberedAnswer {
  try {
    return attempt(id, work);
  } catch (error) {
    const message = `The log store cannot be read: ${error instanceof Error ? error.message : String(error)}`;
    return { id, ok: false, failure: { code: "ServiceUnavailableException", message } };
  }
}

/** Errors that concern one request only. Those of the database pass when it is written, because they concern the whole transaction. */
function failureOf(error: unknown): Failure {
  if (error instanceof Refusal) return { code: error.code, message: error.message };
  if (error instanceof FilterPatternError) return { code: "InvalidParameterException", message: error.message };
  throw error;
}
