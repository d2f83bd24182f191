import { DatabaseSync } from "node:sqlite";
import { type StoredDocument, type StoredEvent, StoreError } from "../store.ts";
import { addDocuments, documentsOfRow, Overlay } from "./document-log.ts";
import { eventsOfRow } from "./event-rows.ts";
import { readMigrations } from "./migrate.ts";
import { hasSqliteCode } from "./sqlite-error.ts";

/** LIMIT: more lines about damaged pages than anybody reads; the rest is of the same kind. */
const pageProblemsMax = 100;

export type PartitionRow = {
  readonly id: number;
  readonly name: string;
  readonly lastSequence: number;
  readonly eventBytes: number;
  /** The version of the Berth that appended last, or null. */
  readonly writtenBy: string | null;
};

/** A document, or which one cannot be read. */
export type ReadDocument =
  | { readonly ok: true; readonly document: StoredDocument }
  | { readonly ok: false; readonly kind: string; readonly key: string; readonly why: string };

/** A snapshot of a database, only for reading, even while a server has it open. Reads continue past damaged pages. */
export class ReadDatabase {
  readonly file: string;
  readonly #database: DatabaseSync;

  /** Throws StoreError if the file is not a database of this Berth. */
  constructor(file: string) {
    this.file = file;
    let database: DatabaseSync | null = null;
    try {
      database = new DatabaseSync(file, { readOnly: true });
      // Everything that follows sees one snapshot, whatever a server writes meanwhile.
      database.exec("BEGIN");
      this.#database = database;
      const newest = readMigrations().length;
      const version = Number(database.prepare("SELECT version FROM schema_version").get()?.version ?? Number.NaN);
      if (version !== newest) throw new StoreError(versionText(file, version, newest));
    } catch (cause) {
      database?.close();
      if (cause instanceof StoreError) throw cause;
      throw new StoreError(openingText(file, cause), { cause });
    }
  }

  /** What SQLite finds wrong with the pages and indexes of the file, a line each. */
  pageProblems(): string[] {
    try {
      const rows = this.#database.prepare(`PRAGMA integrity_check(${pageProblemsMax})`).all();
      return rows.map(({ integrity_check: text }) => String(text)).filter((text) => text !== "ok");
    } catch (error) {
      return [textOf(error)];
    }
  }

  /** How many appends the database has acknowledged, and how many were missing at a start. */
  appends(): { readonly acknowledged: number; readonly missing: number } {
    const row = this.#database
      .prepare(
        "SELECT missing, elsewhere + (SELECT coalesce(sum(appended), 0) FROM partitions) AS acknowledged FROM appends",
      )
      .get();
    return { acknowledged: Number(row?.acknowledged ?? 0), missing: Number(row?.missing ?? 0) };
  }

  partitions(): PartitionRow[] {
    return this.#database
      .prepare("SELECT id, name, last_sequence, event_bytes, written_by FROM partitions ORDER BY name")
      .all()
      .map(({ id, name, last_sequence, event_bytes, written_by }) => ({
        id: Number(id),
        name: String(name),
        lastSequence: Number(last_sequence),
        eventBytes: Number(event_bytes),
        writtenBy: written_by === null ? null : String(written_by),
      }));
  }

  /** How many documents and events have ids that no partition has. */
  orphans(): { readonly partitionId: number; readonly documents: number; readonly events: number }[] {
    const count = (table: "documents" | "events"): Map<number, number> => {
      const number = table === "documents" ? "count(*)" : "sum(count)";
      const rows = this.#database
        .prepare(
          `SELECT partition_id AS id, ${number} AS rows FROM ${table}
           WHERE partition_id NOT IN (SELECT id FROM partitions)
             AND partition_id NOT IN (SELECT partition_id FROM leftovers) GROUP BY partition_id`,
        )
        .all();
      return new Map(rows.map(({ id, rows: number }) => [Number(id), Number(number)]));
    };
    const [documents, events] = [count("documents"), count("events")];
    for (const { partition_id: id } of this.#database
      .prepare("SELECT DISTINCT partition_id FROM document_log WHERE partition_id NOT IN (SELECT id FROM partitions)")
      .all()) {
      const logged = this.#overlay(Number(id)).documents();
      documents.set(Number(id), (documents.get(Number(id)) ?? 0) + [...logged].length);
    }
    return [...new Set([...documents.keys(), ...events.keys()])].map((partitionId) => ({
      partitionId,
      documents: documents.get(partitionId) ?? 0,
      events: events.get(partitionId) ?? 0,
    }));
  }

  /**
   * The documents of a partition. The index names those whose page cannot be read. Throws StoreError if the index is unreadable
   * too.
   */
  *documents(partitionId: number): Generator<ReadDocument> {
    const names = this.#reading(() =>
      this.#database
        .prepare("SELECT id, kind, key FROM documents WHERE partition_id = ? ORDER BY kind, key")
        .all(partitionId),
    );
    const overlay = this.#reading(() => this.#overlay(partitionId));
    const body = this.#database.prepare("SELECT body FROM documents WHERE id = ?");
    for (const { id, kind, key } of names) {
      const name = { kind: String(kind), key: String(key) };
      if (overlay.overwrites(name.kind, name.key)) continue;
      try {
        const row = body.get(Number(id));
        if (row === undefined) yield { ok: false, ...name, why: "the index names it, but it does not exist" };
        else yield { ok: true, document: { ...name, body: String(row.body) } };
      } catch (error) {
        yield { ok: false, ...name, why: `its page cannot be read (${textOf(error)})` };
      }
    }
    for (const document of overlay.documents()) yield { ok: true, document };
  }

  /** What the log holds of a partition's documents. Throws PackedTextError if it is damaged. */
  #overlay(partitionId: number): Overlay {
    const later = new Map<string, Map<string, string | null>>();
    const rows = this.#database.prepare("SELECT body FROM document_log WHERE partition_id = ? ORDER BY id");
    for (const row of rows.all(partitionId)) addDocuments(later, documentsOfRow(row.body));
    return new Overlay(later);
  }

  /** The events of a partition in order. Throws StoreError at the first unreadable one. */
  *events(partitionId: number): Generator<StoredEvent> {
    const rows = this.#database
      .prepare(
        `SELECT sequence, count, events.body, forgotten FROM events JOIN partitions ON partitions.id = partition_id
         WHERE partition_id = ? ORDER BY sequence`,
      )
      .iterate(partitionId);
    for (;;) {
      const events = this.#reading(() => {
        const next = rows.next();
        if (next.done === true) return null;
        const { sequence, count, body, forgotten } = next.value;
        const ofRow = eventsOfRow({ sequence: Number(sequence), count: Number(count), body });
        return ofRow.filter((event) => event.sequence > Number(forgotten));
      });
      if (events === null) return;
      yield* events;
    }
  }

  close(): void {
    this.#database.close();
  }

  #reading<T>(read: () => T): T {
    try {
      return read();
    } catch (cause) {
      throw new StoreError(textOf(cause), { cause });
    }
  }
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function versionText(file: string, version: number, newest: number): string {
  if (version > newest)
    return `${file} was written by a newer Berth (schema version ${version}). Check it with that one.`;
  if (version < newest) {
    return `${file} was written by an older Berth (schema version ${version}). Check it with that one, or start this one once, which brings it up to date.`;
  }
  return `${file} has no schema version: its table schema_version is empty or damaged. Restore a backup.`;
}

function openingText(file: string, cause: unknown): string {
  if (hasSqliteCode(cause, "notADatabase")) return `${file} is not a SQLite database any more. Restore a backup.`;
  if (hasSqliteCode(cause, "corrupt"))
    return `${file} is damaged in its first pages (${textOf(cause)}). Restore a backup.`;
  return `${file} cannot be read (${textOf(cause)}).`;
}
