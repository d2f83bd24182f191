import type { DatabaseSync, StatementSync } from "node:sqlite";
import { must } from "../lib/assert.ts";
import type { LogGroupReference } from "../logs/log-questions.ts";
import { refuseMissingStream } from "../logs/log-refusal.ts";
import type { EventChunk } from "./event-chunk.ts";

/** LIMIT: what a row of chunks and its entries in three indexes take in addition to its body. */
const rowOverheadBytes = 200;

/** LIMIT: a group or stream that was seen lately is found without a query; one that was forgotten costs a query. */
const knownMax = 10_000;

export type StreamRow = { readonly s: number; readonly g: number };

/** Reads and writes rows of groups, streams and chunks. The caller has a transaction. */
export class LogTables {
  readonly database: DatabaseSync;
  /** Bytes of all chunks, as the transaction leaves them. */
  bytes: number;
  readonly #groups = new Map<string, { readonly g: number; readonly retentionDays: number | null }>();
  readonly #streams = new Map<string, StreamRow>();
  readonly #statements = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.database = database;
    this.bytes = this.#storedTotal();
  }

  /** A prepared statement, kept for the next use. Texts are few and never contain values. */
  sql(text: string): StatementSync {
    const known = this.#statements.get(text);
    if (known !== undefined) return known;
    const statement = this.database.prepare(text);
    this.#statements.set(text, statement);
    return statement;
  }

  /** The group's number, made if it is new. Writes its retention down for the sweep. */
  groupNumber({ id, retentionDays }: LogGroupReference): number {
    const known = this.#groups.get(id);
    if (known !== undefined && known.retentionDays === retentionDays) return known.g;
    const row = this.sql(
      "INSERT INTO groups (id, retention) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET retention = excluded.retention RETURNING g",
    ).get(id, retentionDays);
    const g = Number(must(row, "a group's row").g);
    if (this.#groups.size >= knownMax) this.#groups.clear();
    this.#groups.set(id, { g, retentionDays });
    return g;
  }

  /** The group's number; null if nothing was ever stored in it. */
  findGroup(id: string): number | null {
    const known = this.#groups.get(id);
    if (known !== undefined) return known.g;
    const row = this.sql("SELECT g FROM groups WHERE id = ?").get(id);
    return row === undefined ? null : Number(row.g);
  }

  /** Refuses a stream that does not exist. */
  stream(groupId: string, name: string): StreamRow {
    const key = `${groupId}/${name}`;
    const known = this.#streams.get(key);
    if (known !== undefined) return known;
    const row = this.sql("SELECT s, g FROM streams WHERE g = (SELECT g FROM groups WHERE id = ?) AND name = ?").get(
      groupId,
      name,
    );
    if (row === undefined) return refuseMissingStream();
    const found = { s: Number(row.s), g: Number(row.g) };
    if (this.#streams.size >= knownMax) this.#streams.clear();
    this.#streams.set(key, found);
    return found;
  }

  /** False if the stream exists. */
  createStream(group: LogGroupReference, name: string, now: number): boolean {
    const g = this.groupNumber(group);
    const { changes } = this.sql("INSERT INTO streams (g, name, created) VALUES (?, ?, ?) ON CONFLICT DO NOTHING").run(
      g,
      name,
      now,
    );
    return changes === 1;
  }

  /** Gives the numbers of the rows. */
  insertChunks({ s, g }: StreamRow, chunks: readonly EventChunk[], now: number): number[] {
    let added = 0;
    const numbers = chunks.map(({ first, last, count, body }) => {
      const bytes = body.length + rowOverheadBytes;
      added += bytes;
      const { lastInsertRowid } = this.sql(
        "INSERT INTO chunks (g, s, first, last, ingested, count, bytes, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      ).run(g, s, first, last, now, count, bytes, body);
      return Number(lastInsertRowid);
    });
    const last = chunks.at(-1)?.last ?? 0;
    this.sql("UPDATE streams SET last = max(last, ?), ingested = max(ingested, ?) WHERE s = ?").run(last, now, s);
    this.#addBytes(g, added);
    return numbers;
  }

  /** The stream is gone at once; its events are deleted by {@link collectGarbage}. */
  deleteStream(groupId: string, name: string): void {
    const { s, g } = this.stream(groupId, name);
    this.sql("DELETE FROM streams WHERE s = ?").run(s);
    this.sql("INSERT INTO garbage VALUES (?, ?)").run(g, s);
    this.#streams.delete(`${groupId}/${name}`);
  }

  /** Does nothing for a group in which nothing was ever stored. */
  deleteGroup(groupId: string): void {
    const g = this.findGroup(groupId);
    if (g === null) return;
    this.sql("DELETE FROM streams WHERE g = ?").run(g);
    this.sql("DELETE FROM groups WHERE g = ?").run(g);
    this.sql("INSERT INTO garbage VALUES (?, NULL)").run(g);
    this.forget();
  }

  /** Deletes at most `limit` chunks of deleted groups and streams. True if there may be more. */
  collectGarbage(limit: number): boolean {
    const found = this.sql("SELECT rowid, g, s FROM garbage LIMIT 1").get();
    if (found === undefined) return false;
    const isStream = found.s !== null;
    const { rows } = this.deleteChunks(isStream ? "s = ?" : "g = ?", [Number(isStream ? found.s : found.g)], limit);
    if (rows < limit) this.sql("DELETE FROM garbage WHERE rowid = ?").run(Number(found.rowid));
    return true;
  }

  /**
   * Deletes at most `limit` chunks, and gives the number of their events. `where` may end in an order. Stops when
   * `enoughBytes` are free.
   */
  deleteChunks(
    where: string,
    values: readonly number[],
    limit: number,
    enoughBytes = Number.POSITIVE_INFINITY,
  ): { readonly rows: number; readonly events: number } {
    const chosen = this.sql(`SELECT n, g, count, bytes FROM chunks WHERE ${where} LIMIT ?`).all(...values, limit);
    const perGroup = new Map<number, number>();
    let events = 0;
    let freed = 0;
    for (const { n, g, count, bytes } of chosen) {
      if (freed >= enoughBytes) break;
      freed += Number(bytes);
      this.sql("DELETE FROM chunks WHERE n = ?").run(Number(n));
      perGroup.set(Number(g), (perGroup.get(Number(g)) ?? 0) + Number(bytes));
      events += Number(count);
    }
    for (const [g, bytes] of perGroup) this.#addBytes(g, -bytes);
    return { rows: chosen.length, events };
  }

  /** After a rollback or a deletion: what was known may be wrong. */
  forget(): void {
    this.#groups.clear();
    this.#streams.clear();
    this.bytes = this.#storedTotal();
  }

  #storedTotal(): number {
    return Number(must(this.sql("SELECT bytes FROM totals").get(), "the totals of the log store").bytes);
  }

  #addBytes(g: number, bytes: number): void {
    this.sql("UPDATE groups SET bytes = bytes + ? WHERE g = ?").run(bytes, g);
    this.sql("UPDATE totals SET bytes = bytes + ?").run(bytes);
    this.bytes += bytes;
  }
}
