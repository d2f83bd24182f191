/**
 * The embedded store: one SQLite file. An append waits in the group of its event-loop turn. The group is one transaction: its
 * partitions share one synchronisation of the disk. docs/decisions/0026-the-write-path.md says how documents and events get into the
 * tables.
 */
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { assert, must } from "../../lib/assert.ts";
import { berthVersion } from "../../lib/berth-version.ts";
import { appendRefusal, fenceRefusal } from "../append-refusal.ts";
import {
  type Append,
  DamagedError,
  type ListedPartition,
  type OpenedPartition,
  type Store,
  type StoreCondition,
  type StoredDocument,
  type StoredEvent,
  StoreError,
  type TakeDocuments,
} from "../store.ts";
import { AppendRecord } from "./append-record.ts";
import { type DataDirectory, takeDataDirectory } from "./data-directory.ts";
import { DatabaseFiles, filesAdvice } from "./database-files.ts";
import { DocumentLog, type DocumentLogLimits, documentLogLimits, type Overlay } from "./document-log.ts";
import { EventRows } from "./event-rows.ts";
import { openDatabase } from "./open-database.ts";
import { eventHead, neededAtOf, partitionHead } from "./partition-row.ts";
import { damageAdvice, isDamage } from "./sqlite-error.ts";
import { prepareStatements, type Statements, sweepLeftovers } from "./statements.ts";
import { appendsOfGroup, appendText } from "./transaction-group.ts";

export type SqliteStoreOptions = {
  /** Created if missing. Holds `berth.sqlite`, its write-ahead log, `berth.appended`, `berth.lock` and `berth.pid`. */
  readonly dataDir: string;
  /** Calls `flush` once, later: how long a group stays open. Default: until the event loop has processed its input. */
  readonly scheduleFlush?: (flush: () => void) => void;
  /** The version of Berth that writes; by default this one. */
  readonly version?: string;
  readonly logLimits?: DocumentLogLimits;
};

/** LIMIT: after a second without large appends the log of documents is emptied; a burst pauses for less. */
const idleMs = 1_000;

/** LIMIT: documents read at a time when a partition is opened, taking a few milliseconds; other work runs between two reads. */
const documentsPerRead = 1_000;

/** Kind, key and body of a document. */
type Row = [string, string, string];

/**
 * LIMIT: partitions opened in one transaction share one synchronisation of the disk; more would hold the event loop while they
 * load.
 */
const openingsMax = 64;

/** LIMIT: the log of documents is emptied twice as fast as it is filled, so that it does not grow. */
const movedPerWrite = 2;

/** What an opening finds in its transaction. The documents are read after it, by id. */
type TakenPartition = Omit<OpenedPartition, "documents"> & {
  readonly ids: readonly number[];
  readonly overlay: Overlay;
};

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
  readonly medium: string;
  readonly #directory: DataDirectory;
  readonly #version: string;
  readonly #database: DatabaseSync;
  readonly #statements: Statements;
  readonly #documents: DocumentLog;
  readonly #events: EventRows;
  readonly #files: DatabaseFiles;
  readonly #record: AppendRecord;
  readonly #scheduleFlush: (flush: () => void) => void;
  /** Ids that documents or events have, but no partition. */
  readonly #orphans: readonly number[];
  #acknowledged: number;
  /** Acknowledged appends that were missing when the store was opened, now or earlier. */
  #missing: number;
  #group: PendingAppend[] = [];
  #openings: PendingOpening[] = [];
  #removals: PendingRemoval[] = [];
  #isSweeping = false;
  #idleTimer: NodeJS.Timeout | null = null;
  /** The error of the last write. */
  #failing: string | null = null;
  #closed = false;

  /**
   * Opens the store of a data directory. Throws `StoreInUseError` if another process has it open, {@link StoreError} (with
   * advice) if the directory or the file cannot be used.
   */
  constructor(options: SqliteStoreOptions) {
    this.#scheduleFlush = options.scheduleFlush ?? setImmediate;
    this.#version = options.version ?? berthVersion();
    this.#directory = takeDataDirectory(options.dataDir);
    this.medium = join(this.#directory.path, "berth.sqlite");
    let database: DatabaseSync | null = null;
    let record: AppendRecord | null = null;
    try {
      database = openDatabase(this.medium);
      this.#database = database;
      this.#statements = prepareStatements(database);
      this.#events = new EventRows(database);
      const { logLimits = documentLogLimits } = options;
      this.#documents = this.#reporting("read its log", () => new DocumentLog(this.#database, logLimits));
      record = this.#reporting("open the record of appends", () => new AppendRecord(this.#directory.path));
      this.#record = record;
      const { acknowledged, missing } = this.#reporting("compare its appends with the record", () => this.#compare());
      this.#acknowledged = acknowledged;
      this.#missing = missing;
      record.write(acknowledged);
      this.#orphans = this.#reporting("look for partitions", () =>
        this.#statements.orphans.all().map(({ id }) => Number(id)),
      );
      this.#files = new DatabaseFiles(this.medium, database);
    } catch (error) {
      record?.close();
      database?.close();
      this.#directory.release();
      throw error;
    }
    this.#sweepSoon();
    this.#emptyLogWhenIdle();
  }

  /** Openings of one turn share a transaction. */
  async open(partition: string, take?: TakeDocuments): Promise<OpenedPartition> {
    const { ids, overlay, ...taken } = await new Promise<TakenPartition>((resolve, reject) => {
      this.#mustBeOpen();
      this.#openings.push({ partition, resolve, reject });
      if (this.#openings.length === 1) queueMicrotask(() => this.#openAll());
    });
    // Nobody else can write here any more, and the new owner does not write before it has all of them.
    const documents: StoredDocument[] = [];
    const takeAll = take ?? (async (portion) => void documents.push(...portion));
    for (let at = 0; at < ids.length; at += documentsPerRead) {
      if (at > 0) await new Promise((resolve) => setImmediate(resolve));
      this.#mustBeOpen();
      const wanted = JSON.stringify(ids.slice(at, at + documentsPerRead));
      // The statement returns arrays of its three TEXT columns; the table is STRICT.
      const what = `read the documents of partition "${partition}"`;
      const rows = this.#reporting(what, () => this.#statements.documents.all(wanted)) as unknown as Row[];
      const read = rows.map(([kind, key, body]) => ({ kind, key, body }));
      await takeAll(
        read.filter(({ kind, key }) => !overlay.overwrites(kind, key)),
        taken,
      );
    }
    for (const portion of overlay.portions(documentsPerRead)) await takeAll(portion, taken);
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
    return this.#reporting(`read events of partition "${partition}"`, () => {
      const row = this.#statements.partition.get(partition);
      if (row === undefined) return [];
      const { events, missing } = this.#events.read(eventHead(row), afterSequence, limit);
      if (missing === null) return events;
      throw new DamagedError(
        `${this.medium}: event ${missing} of partition "${partition}" is missing, though later ones are there. ${damageAdvice}`,
      );
    });
  }

  async partitions(prefix: string): Promise<ListedPartition[]> {
    this.#mustBeOpen();
    const rows = this.#reporting("list the partitions", () => this.#statements.listPartitions.all());
    const neededAt = new Map(rows.map((row) => [String(row.name), neededAtOf(row)]));
    // SQLite compares text as UTF-8, which is not the order of code units.
    const names = [...neededAt.keys()].filter((name) => name.startsWith(prefix)).sort();
    return names.map((name) => ({ name, neededAt: neededAt.get(name) ?? null }));
  }

  async newestAt(): Promise<number> {
    this.#mustBeOpen();
    return Number(this.#reporting("find the newest time", () => this.#statements.newestAt.get())?.newest ?? 0);
  }

  condition(): StoreCondition {
    if (this.#closed) return { failing: "The store is closed.", damaged: [], warnings: [] };
    const missing = `${this.#missing} acknowledged appends are missing from ${this.medium}: its write-ahead log was deleted or shortened, or an older copy was put in its place. Restore a newer backup, or stop Berth and accept the loss with "berth check --data-dir ${this.#directory.path} --accept-loss".`;
    return {
      failing: this.#filesProblem(true) ?? this.#failing,
      damaged: this.#orphans.length === 0 ? [] : [this.#orphanText("No partition can be made")],
      warnings: this.#missing === 0 ? [] : [missing],
    };
  }

  /**
   * The operator knows of the missing appends and continues without them. Returns how many there were. Throws {@link StoreError}.
   */
  acceptMissing(): number {
    this.#mustBeOpen();
    const missing = this.#missing;
    this.#write("accept the loss", () => this.#statements.setMissing.run(0, 0));
    this.#missing = 0;
    return missing;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#openAll();
    this.#removeAll();
    this.#closed = true;
    this.#flushAll();
    if (this.#idleTimer !== null) clearTimeout(this.#idleTimer);
    while (this.#moveSome());
    try {
      this.#record.close();
      this.#database.close();
    } finally {
      this.#directory.release();
    }
  }

  #openAll(): void {
    // Earlier appends and removals must be in what is opened.
    this.#removeAll();
    this.#flushAll();
    while (this.#openings.length > 0) this.#openGroup(this.#openings.splice(0, openingsMax));
  }

  /** If the group fails, each is opened alone, so that one damaged partition harms no other. */
  #openGroup(group: readonly PendingOpening[]): void {
    const what = group.length === 1 ? `open partition "${group[0]?.partition}"` : "open partitions";
    try {
      const opened = this.#write(what, () => group.map(({ partition }) => this.#take(partition)));
      for (const [index, { resolve }] of group.entries()) resolve(must(opened[index], "an opened partition"));
    } catch (error) {
      if (group.length > 1) for (const opening of group) this.#openGroup([opening]);
      else group[0]?.reject(error);
    }
  }

  /** Takes a partition with a new epoch. Runs in a transaction. */
  #take(partition: string): TakenPartition {
    if (this.#orphans.length > 0 && this.#statements.partition.get(partition) === undefined) {
      throw new DamagedError(this.#orphanText(`Partition "${partition}" cannot be made`));
    }
    const row = must(this.#statements.takePartition.get(partition), "the partition that was just taken");
    this.#documents.mustBeWhole(Number(row.id));
    const rows = this.#statements.documentIds.all(row.id ?? null) as unknown as [number][];
    const writtenBy = row.written_by === null ? null : String(row.written_by);
    const overlay = this.#documents.overlay(Number(row.id));
    return { ...partitionHead(row), neededAt: neededAtOf(row), writtenBy, ids: rows.map(([id]) => id), overlay };
  }

  #removeAll(): void {
    const removals = this.#removals.splice(0);
    if (removals.length === 0) return;
    this.#flushAll();
    let refusals: (StoreError | null)[];
    try {
      refusals = this.#write("remove partitions", () => removals.map((removal) => this.#remove(removal)));
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

  /** Returns the refusal if the partition may not be removed. Then nothing of it was. */
  #remove({ partition, epoch }: PendingRemoval): StoreError | null {
    const row = this.#statements.partition.get(partition);
    const fenced = fenceRefusal(partition, row === undefined ? null : partitionHead(row), epoch);
    if (row === undefined || fenced !== null) return fenced;
    this.#statements.noteRemoved.run(row.epoch ?? 0, row.last_sequence ?? 0);
    this.#statements.addLeftover.run(row.id ?? null);
    this.#documents.remove(Number(row.id));
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

  /** Deletes some rows of removed partitions. True if there may be more. Rows left by a failure go with the next sweep. */
  #sweep(): boolean {
    try {
      return this.#write("delete removed partitions", () => sweepLeftovers(this.#statements));
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
    // Nothing to do if `open` or `close` came before the scheduled flush.
    if (group.length === 0) return;
    if (this.#group.length > 0) this.#scheduleFlush(() => this.#flush());
    this.#appendGroup(group);
  }

  #appendGroup(group: readonly PendingAppend[]): void {
    let refusals: (StoreError | null)[];
    try {
      refusals = this.#write(appendText(group), () => {
        this.#documents.move(movedPerWrite * group.reduce((sum, { append }) => sum + append.documents.length, 0));
        return group.map((pending) => this.#put(pending));
      });
    } catch (error) {
      assert(error instanceof StoreError, "a failed transaction is a StoreError");
      // A damaged page affects only the partitions whose rows are on it. The others continue.
      if (error instanceof DamagedError && group.length > 1) for (const pending of group) this.#appendGroup([pending]);
      else for (const pending of group) pending.reject(error);
      return;
    }
    this.#acknowledged += refusals.filter((refusal) => refusal === null).length;
    this.#record.write(this.#acknowledged);
    this.#emptyLogWhenIdle();
    for (const [index, pending] of group.entries()) {
      const refusal = refusals[index] ?? null;
      if (refusal === null) pending.resolve();
      else pending.reject(refusal);
    }
  }

  /** Returns the refusal if the append may not be written. Then nothing of it was, and the rest of the group continues. */
  #put({ partition, epoch, append }: PendingAppend): StoreError | null {
    const row = this.#statements.partition.get(partition);
    const head = row === undefined ? null : partitionHead(row);
    const refusal = appendRefusal(partition, head, epoch, append);
    if (refusal !== null) return refusal;

    const { id = null, newest_at, needed_at: neededAt } = must(row, "an opened partition");
    this.#documents.write(Number(id), append.documents);
    const { lastSequence, bytes, forgotten } = this.#events.append(eventHead(must(row, "an opened partition")), append);
    const newestAt = Math.max(Number(newest_at), append.at ?? 0);
    this.#statements.setHead.run(lastSequence, bytes, forgotten, newestAt, this.#version, id);
    if (append.neededAt !== undefined && append.neededAt !== neededAt) {
      this.#statements.setNeededAt.run(append.neededAt, id);
    }
    return null;
  }

  #emptyLogWhenIdle(): void {
    if (!this.#documents.holdsDocuments) return;
    this.#idleTimer ??= setTimeout(() => {
      this.#idleTimer = null;
      this.#emptyLog();
    }, idleMs).unref();
    this.#idleTimer.refresh();
  }

  /** Moves the documents of the log into their table, until the next large append. */
  #emptyLog(): void {
    if (!this.#closed && this.#idleTimer === null && this.#moveSome()) setImmediate(() => this.#emptyLog());
  }

  /** Moves some documents from the log. True if there are more. What cannot be moved now stays in the log. */
  #moveSome(): boolean {
    try {
      this.#documents.seal();
      this.#write("move documents", () => this.#documents.move());
      return this.#documents.holdsDocuments;
    } catch (error) {
      if (error instanceof StoreError) return false;
      throw error;
    }
  }

  /** Compares how many appends were acknowledged with how many there are, and keeps the difference until it is accepted. */
  #compare(): { readonly acknowledged: number; readonly missing: number } {
    const row = must(this.#statements.appends.get(), "the row of the appends");
    const recorded = AppendRecord.read(this.#directory.path) ?? 0;
    const lost = Math.max(0, recorded - Number(row.acknowledged));
    const missing = Number(row.missing) + lost;
    this.#statements.setMissing.run(lost, missing);
    return { acknowledged: Number(row.acknowledged) + lost, missing };
  }

  /** Runs one transaction that can be found under the file's name. Throws {@link StoreError} if it cannot. */
  #write<T>(what: string, body: () => T): T {
    try {
      const before = this.#filesProblem();
      if (before !== null) throw new StoreError(before);
      const result = this.#reporting(what, () => this.#inTransaction(body));
      const after = this.#reporting("look at its files", () => this.#files.problemAfter());
      if (after !== null) throw new StoreError(`${after}. ${filesAdvice(this.medium)}`);
      this.#failing = null;
      return result;
    } catch (error) {
      if (error instanceof StoreError && !(error instanceof DamagedError)) this.#failing = error.message;
      throw error;
    }
  }

  /** Why nothing may be written to the files, or null. */
  #filesProblem(whenIdle = false): string | null {
    try {
      const problem = this.#files.problemBefore(whenIdle);
      return problem === null ? null : `${problem}. ${filesAdvice(this.medium)}`;
    } catch (cause) {
      return `${this.medium} cannot be looked at (${textOf(cause)}).`;
    }
  }

  #inTransaction<T>(body: () => T): T {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      const result = body();
      this.#database.exec("COMMIT");
      this.#documents.committed();
      return result;
    } catch (error) {
      this.#documents.rolledBack();
      // SQLite rolls back by itself after some failures. After a failed synchronisation the log may still hold the transaction
      // until the next one overwrites it. The owner's reload, which writes an epoch, does that.
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      // What it wrote to the log before it failed is ours.
      this.#files.problemAfter();
      throw error;
    }
  }

  #reporting<T>(what: string, body: () => T): T {
    try {
      return body();
    } catch (cause) {
      if (cause instanceof StoreError) throw cause;
      const text = `${this.medium}: failed to ${what}: ${textOf(cause)}`;
      if (isDamage(cause)) throw new DamagedError(`${text}. ${damageAdvice}`, { cause });
      throw new StoreError(text, { cause });
    }
  }

  #orphanText(what: string): string {
    const ids = this.#orphans.slice(0, orphansNamedMax).join(", ");
    return `${what}: ${this.medium} holds documents or events of ${this.#orphans.length} partitions (${ids}) whose rows in the table partitions are missing. ${damageAdvice}`;
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new StoreError("The store is closed");
  }
}

/** LIMIT: a sentence of readable length. */
const orphansNamedMax = 10;
const textOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
