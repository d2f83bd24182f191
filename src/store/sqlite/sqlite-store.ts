/**
 * The embedded store: one SQLite file. An append waits in the group of its event-loop turn; the group is one
 * transaction, so many partitions share one synchronisation of the disk. Why the commit runs on the event loop and not
 * in a worker is in docs/decisions/0003-sqlite-store.md.
 */
import { join } from "node:path";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { assert, must } from "../../lib/assert.ts";
import { appendRefusal, fenceRefusal, type PartitionHead } from "../append-refusal.ts";
import {
  type Append,
  type ListedPartition,
  type OpenedPartition,
  type Store,
  type StoredDocument,
  type StoredEvent,
  StoreError,
} from "../store.ts";
import { type DataDirectory, takeDataDirectory } from "./data-directory.ts";
import { openDatabase } from "./open-database.ts";

export type SqliteStoreOptions = {
  /** Created when missing. Holds `berth.sqlite`, its write-ahead log, `berth.lock` and `berth.pid`. */
  readonly dataDir: string;
  /** Calls `flush` once, later: how long a group stays open. By default until the event loop has done its input. */
  readonly scheduleFlush?: (flush: () => void) => void;
};

/** LIMIT: one commit holds the event loop: some thousand writes take about 20 ms on two small cores. One append may be as large. */
const groupWritesMax = 2_000;
/** LIMIT: the same for text. */
const groupCharactersMax = 4_194_304;
/** LIMIT: documents that are read at a time when a partition is opened, some milliseconds; others are served between two reads. */
const documentsPerRead = 1_000;

/** Kind, key and body of a document. */
type Row = [string, string, string];

/** LIMIT: partitions opened in one transaction share one synchronisation of the disk; more would hold the event loop while they load. */
const openingsMax = 64;

/** LIMIT: rows of a removed partition deleted at once, some milliseconds; what is left follows in the next turn. */
const leftoverRowsMax = 2_000;

/** What an opening finds in its transaction: the documents are read after it, by their ids. */
type TakenPartition = Omit<OpenedPartition, "documents"> & { readonly ids: readonly number[] };

type PendingOpening = {
  readonly partition: string;
  readonly resolve: (taken: TakenPartition) => void;
  readonly reject: (error: unknown) => void;
};

type PendingRemoval = Omit<PendingAppend, "append">;

type PendingAppend = {
  readonly partition: string;
  readonly epoch: number;
  readonly append: Append;
  readonly resolve: () => void;
  readonly reject: (error: StoreError) => void;
};

export class SqliteStore implements Store {
  readonly #directory: DataDirectory;
  readonly #database: DatabaseSync;
  readonly #statements: Statements;
  readonly #scheduleFlush: (flush: () => void) => void;
  #group: PendingAppend[] = [];
  #openings: PendingOpening[] = [];
  #removals: PendingRemoval[] = [];
  #isSweeping = false;
  #closed = false;

  /**
   * Opens the store of a data directory. Throws `StoreInUseError` when another process has it open, {@link StoreError}
   * (with what to do about it) when the directory or the file cannot be used.
   */
  constructor(options: SqliteStoreOptions) {
    this.#scheduleFlush = options.scheduleFlush ?? setImmediate;
    this.#directory = takeDataDirectory(options.dataDir);
    try {
      this.#database = openDatabase(join(this.#directory.path, "berth.sqlite"));
      this.#statements = prepareStatements(this.#database);
    } catch (error) {
      this.#directory.release();
      throw error;
    }
    this.#sweepSoon();
  }

  /** Openings of one turn share a transaction. */
  async open(partition: string): Promise<OpenedPartition> {
    const { ids, ...taken } = await new Promise<TakenPartition>((resolve, reject) => {
      this.#mustBeOpen();
      this.#openings.push({ partition, resolve, reject });
      if (this.#openings.length === 1) queueMicrotask(() => this.#openAll());
    });
    // Nobody else can write here any more, and the new owner does not before it has all of them.
    const documents: StoredDocument[] = [];
    for (let at = 0; at < ids.length; at += documentsPerRead) {
      if (at > 0) await new Promise((resolve) => setImmediate(resolve));
      this.#mustBeOpen();
      const wanted = JSON.stringify(ids.slice(at, at + documentsPerRead));
      // The statement returns arrays of its three TEXT columns; the table is STRICT.
      const what = `open partition "${partition}"`;
      const rows = this.#reporting(what, () => this.#statements.documents.all(wanted)) as unknown as Row[];
      for (const [kind, key, body] of rows) documents.push({ kind, key, body });
    }
    return { ...taken, documents };
  }

  append(partition: string, epoch: number, append: Append): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#mustBeOpen();
      this.#group.push({ partition, epoch, append, resolve, reject });
      if (this.#group.length === 1) this.#scheduleFlush(() => this.#flush());
    });
  }

  /** Removals of one turn share a transaction. */
  remove(partition: string, epoch: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#mustBeOpen();
      this.#removals.push({ partition, epoch, resolve, reject });
      if (this.#removals.length === 1) setImmediate(() => this.#removeAll());
    });
  }

  async readEvents(partition: string, afterSequence: number, limit: number): Promise<StoredEvent[]> {
    this.#mustBeOpen();
    assert(limit >= 0, "limit is not negative");
    return this.#reporting(`read events of partition "${partition}"`, () =>
      this.#statements.events
        .all(partition, afterSequence, limit)
        .map((row) => ({ sequence: Number(row.sequence), body: String(row.body) })),
    );
  }

  async partitions(prefix: string): Promise<ListedPartition[]> {
    this.#mustBeOpen();
    const rows = this.#reporting("list the partitions", () => this.#statements.listPartitions.all());
    const neededAt = new Map(rows.map((row) => [String(row.name), neededAtOf(row)]));
    // SQLite compares text as UTF-8, which is not the order of code units.
    const names = [...neededAt.keys()].filter((name) => name.startsWith(prefix)).sort();
    return names.map((name) => ({ name, neededAt: neededAt.get(name) ?? null }));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#openAll();
    this.#removeAll();
    this.#closed = true;
    this.#flushAll();
    try {
      this.#database.close();
    } finally {
      this.#directory.release();
    }
  }

  #openAll(): void {
    // What was appended or removed before belongs to what is opened.
    this.#removeAll();
    this.#flushAll();
    while (this.#openings.length > 0) this.#openGroup(this.#openings.splice(0, openingsMax));
  }

  /** When the group fails, each is opened alone, so that one damaged partition spoils no other. */
  #openGroup(group: readonly PendingOpening[]): void {
    const what = group.length === 1 ? `open partition "${group[0]?.partition}"` : "open partitions";
    try {
      const opened = this.#inTransaction(what, () => group.map(({ partition }) => this.#take(partition)));
      for (const [index, { resolve }] of group.entries()) resolve(must(opened[index], "an opened partition"));
    } catch (error) {
      if (group.length > 1) for (const opening of group) this.#openGroup([opening]);
      else group[0]?.reject(error);
    }
  }

  /** Takes a partition with a new epoch; in a transaction. */
  #take(partition: string): TakenPartition {
    const row = must(this.#statements.takePartition.get(partition), "the partition that was just taken");
    const rows = this.#statements.documentIds.all(row.id ?? null) as unknown as [number][];
    return { ...partitionHead(row), neededAt: neededAtOf(row), ids: rows.map(([id]) => id) };
  }

  #removeAll(): void {
    const removals = this.#removals.splice(0);
    if (removals.length === 0) return;
    this.#flushAll();
    let refusals: (StoreError | null)[];
    try {
      refusals = this.#inTransaction("remove partitions", () => removals.map((removal) => this.#remove(removal)));
    } catch (error) {
      assert(error instanceof StoreError, "a failed transaction is a StoreError");
      for (const { reject } of removals) reject(error);
      return;
    }
    for (const [index, { resolve, reject }] of removals.entries()) {
      const refusal = refusals[index] ?? null;
      if (refusal === null) resolve();
      else reject(refusal);
    }
    this.#sweepSoon();
  }

  /** Gives the refusal when the partition may not be removed; then nothing of it was. */
  #remove({ partition, epoch }: PendingRemoval): StoreError | null {
    const row = this.#statements.partition.get(partition);
    const fenced = fenceRefusal(partition, row === undefined ? null : partitionHead(row), epoch);
    if (row === undefined || fenced !== null) return fenced;
    this.#statements.noteRemoved.run(row.epoch ?? 0, row.last_sequence ?? 0);
    this.#statements.addLeftover.run(row.id ?? null);
    this.#statements.deletePartition.run(row.id ?? null);
    return null;
  }

  #sweepSoon(): void {
    if (this.#isSweeping) return;
    this.#isSweeping = true;
    setImmediate(() => {
      this.#isSweeping = false;
      if (!this.#closed && this.#sweep()) this.#sweepSoon();
    });
  }

  /** Deletes some rows of removed partitions; true when there may be more. What a failure leaves goes with the next sweep. */
  #sweep(): boolean {
    try {
      return this.#inTransaction("delete removed partitions", () => {
        for (let left = leftoverRowsMax; left > 0; ) {
          const id = this.#statements.leftover.get()?.partition_id;
          if (id === undefined) return false;
          left -= Number(this.#statements.sweepDocuments.run(id, left).changes);
          left -= Number(this.#statements.sweepEvents.run(id, left).changes);
          if (left > 0) left -= Number(this.#statements.deleteLeftover.run(id).changes);
        }
        return true;
      });
    } catch (error) {
      if (error instanceof StoreError) return false;
      throw error;
    }
  }

  #flushAll(): void {
    while (this.#group.length > 0) this.#flush();
  }

  #flush(): void {
    const group = this.#group.splice(0, appendsOfGroup(this.#group));
    // Nothing to do when `open` or `close` came before the scheduled flush.
    if (group.length === 0) return;
    if (this.#group.length > 0) this.#scheduleFlush(() => this.#flush());

    let refusals: (StoreError | null)[];
    try {
      refusals = this.#inTransaction("append", () => group.map((pending) => this.#write(pending)));
    } catch (error) {
      assert(error instanceof StoreError, "a failed transaction is a StoreError");
      for (const pending of group) pending.reject(error);
      return;
    }
    for (const [index, pending] of group.entries()) {
      const refusal = refusals[index] ?? null;
      if (refusal === null) pending.resolve();
      else pending.reject(refusal);
    }
  }

  /** Gives the refusal when the append may not be written; then nothing of it was, and the rest of the group goes on. */
  #write({ partition, epoch, append }: PendingAppend): StoreError | null {
    const row = this.#statements.partition.get(partition);
    const head = row === undefined ? null : partitionHead(row);
    const refusal = appendRefusal(partition, head, epoch, append);
    if (refusal !== null) return refusal;

    const { id = null, needed_at: neededAt } = must(row, "an opened partition");
    for (const { kind, key, body } of append.documents) {
      if (body === null) this.#statements.deleteDocument.run(id, kind, key);
      else this.#statements.putDocument.run(id, kind, key, body);
    }
    for (const { sequence, body } of append.events) this.#statements.addEvent.run(id, sequence, body);
    const lastSequence = append.events.at(-1)?.sequence;
    if (lastSequence !== undefined) this.#statements.setLastSequence.run(lastSequence, id);
    if (append.neededAt !== undefined && append.neededAt !== neededAt) {
      this.#statements.setNeededAt.run(append.neededAt, id);
    }
    if (append.forgetEventsThrough !== undefined) this.#statements.forgetEvents.run(id, append.forgetEventsThrough);
    return null;
  }

  #inTransaction<T>(what: string, body: () => T): T {
    return this.#reporting(what, () => {
      this.#database.exec("BEGIN IMMEDIATE");
      try {
        const result = body();
        this.#database.exec("COMMIT");
        return result;
      } catch (error) {
        // SQLite has rolled back by itself after some failures. After a failed synchronisation the log may hold the
        // transaction nevertheless until the next one overwrites it; the owner's reload, which writes an epoch, is that.
        if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
        throw error;
      }
    });
  }

  #reporting<T>(what: string, body: () => T): T {
    try {
      return body();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new StoreError(`The store in ${this.#directory.path} failed to ${what}: ${reason}`, { cause });
    }
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new StoreError("The store is closed");
  }
}

/** Of the appends that wait how many go into one transaction: one at least. */
function appendsOfGroup(waiting: readonly PendingAppend[]): number {
  let [writes, characters] = [0, 0];
  for (const [count, { append }] of waiting.entries()) {
    writes += append.documents.length + append.events.length;
    for (const { body } of append.documents) characters += body?.length ?? 0;
    for (const { body } of append.events) characters += body.length;
    if (count > 0 && (writes > groupWritesMax || characters > groupCharactersMax)) return count;
  }
  return waiting.length;
}

function partitionHead(row: Record<string, unknown>): PartitionHead {
  return { epoch: Number(row.epoch), lastSequence: Number(row.last_sequence) };
}

const neededAtOf = (row: Record<string, unknown>): number | null =>
  row.needed_at === null ? null : Number(row.needed_at);

type Statements = ReturnType<typeof prepareStatements>;

function prepareStatements(database: DatabaseSync) {
  return {
    takePartition: database.prepare(`
      INSERT INTO partitions (id, name, epoch, last_sequence, needed_at)
      SELECT 1 + max((SELECT ifnull(max(id), 0) FROM partitions), (SELECT ifnull(max(partition_id), 0) FROM leftovers)),
        ?, epoch + 1, last_sequence, 0 FROM removed WHERE true
      ON CONFLICT (name) DO UPDATE SET epoch = epoch + 1
      RETURNING id, epoch, last_sequence, needed_at`),
    partition: database.prepare("SELECT id, epoch, last_sequence, needed_at FROM partitions WHERE name = ?"),
    listPartitions: database.prepare("SELECT name, needed_at FROM partitions"),
    setNeededAt: database.prepare("UPDATE partitions SET needed_at = ? WHERE id = ?"),
    deletePartition: database.prepare("DELETE FROM partitions WHERE id = ?"),
    noteRemoved: database.prepare("UPDATE removed SET epoch = max(epoch, ?), last_sequence = max(last_sequence, ?)"),
    // A new partition never has the id of one of these: it would find what is left of it.
    addLeftover: database.prepare("INSERT INTO leftovers (partition_id) VALUES (?)"),
    leftover: database.prepare("SELECT partition_id FROM leftovers LIMIT 1"),
    deleteLeftover: database.prepare("DELETE FROM leftovers WHERE partition_id = ?"),
    sweepDocuments: database.prepare(
      "DELETE FROM documents WHERE id IN (SELECT id FROM documents WHERE partition_id = ? LIMIT ?)",
    ),
    sweepEvents: database.prepare(
      "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE partition_id = ? LIMIT ?)",
    ),
    setLastSequence: database.prepare("UPDATE partitions SET last_sequence = ? WHERE id = ?"),
    // In the order of the file: half the time of going by index.
    documentIds: returningArrays(database.prepare("SELECT id FROM documents WHERE partition_id = ? ORDER BY id")),
    documents: returningArrays(
      database.prepare(`
      SELECT kind, key, body FROM documents
      WHERE id IN (SELECT value FROM json_each(?))`),
    ),
    putDocument: database.prepare(`
      INSERT INTO documents (partition_id, kind, key, body) VALUES (?, ?, ?, ?)
      ON CONFLICT (partition_id, kind, key) DO UPDATE SET body = excluded.body`),
    deleteDocument: database.prepare("DELETE FROM documents WHERE partition_id = ? AND kind = ? AND key = ?"),
    addEvent: database.prepare("INSERT INTO events (partition_id, sequence, body) VALUES (?, ?, ?)"),
    forgetEvents: database.prepare("DELETE FROM events WHERE partition_id = ? AND sequence <= ?"),
    events: database.prepare(`
      SELECT sequence, events.body FROM events JOIN partitions ON partitions.id = partition_id
      WHERE name = ? AND sequence > ? ORDER BY sequence LIMIT ?`),
  };
}

/** Rows as arrays load a third faster than rows as objects with a dictionary each. */
function returningArrays(statement: StatementSync): StatementSync {
  statement.setReturnArrays(true);
  return statement;
}
