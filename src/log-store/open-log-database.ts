import { closeSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

/** The version of the tables below. Another one is refused. */
const schemaVersion = 1;

/** LIMIT: a backup or an sqlite3 shell holds its lock for milliseconds; batches wait in memory meanwhile. */
const foreignLockTimeoutMs = 1_000;

/**
 * Opens or creates the database of log events: `file`, or in memory for null. Throws SQLite's error, or one that says what to do
 * for a file of another version.
 */
export function openLogDatabase(file: string | null): DatabaseSync {
  // The log and its index inherit the file's permissions.
  if (file !== null) closeSync(openSync(file, "a", 0o600));
  const database = new DatabaseSync(file ?? ":memory:", { timeout: foreignLockTimeoutMs });
  try {
    // Pages of 32 KiB hold most chunks without overflow. LIMIT: 16 MiB of cache hold the upper pages of the indexes, and 64 MiB the
    // write-ahead log after a flood.
    database.exec(`
      PRAGMA page_size = 32768;
      PRAGMA cache_size = -16384;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = NORMAL;
      PRAGMA fullfsync = ON;
      PRAGMA journal_size_limit = 67108864;
      PRAGMA temp_store = MEMORY;
    `);
    prepareSchema(database, file);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function prepareSchema(database: DatabaseSync, file: string | null): void {
  const found = Number(database.prepare("PRAGMA user_version").get()?.user_version ?? 0);
  if (found !== 0 && found !== schemaVersion) {
    throw new Error(
      `${file} has version ${found} of the log store, and this Berth knows version ${schemaVersion}. Use the Berth that wrote it, or move the file away to start without its events.`,
    );
  }
  if (found === schemaVersion) return;
  // A row of chunks has some consecutive events of one batch. `n` is the order of arrival and is never used twice, because event
  // ids contain it. Each index ends in `n` by itself.
  // The chunks of what garbage names, a whole group where `s` is null, are deleted a few at a time.
  database.exec(`
    BEGIN;
    CREATE TABLE groups (g INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, retention INTEGER, bytes INTEGER NOT NULL DEFAULT 0);
    CREATE TABLE streams (
      s INTEGER PRIMARY KEY, g INTEGER NOT NULL, name TEXT NOT NULL,
      created INTEGER NOT NULL, last INTEGER NOT NULL DEFAULT 0, ingested INTEGER NOT NULL DEFAULT 0,
      UNIQUE (g, name)
    );
    CREATE INDEX streams_by_last ON streams (g, last, name);
    CREATE TABLE chunks (
      n INTEGER PRIMARY KEY AUTOINCREMENT, g INTEGER NOT NULL, s INTEGER NOT NULL,
      first INTEGER NOT NULL, last INTEGER NOT NULL, ingested INTEGER NOT NULL,
      count INTEGER NOT NULL, bytes INTEGER NOT NULL, body BLOB NOT NULL
    );
    CREATE INDEX chunks_of_stream_by_first ON chunks (s, first);
    CREATE INDEX chunks_of_stream_by_last ON chunks (s, last);
    CREATE INDEX chunks_of_group_by_first ON chunks (g, first);
    CREATE TABLE garbage (g INTEGER NOT NULL, s INTEGER);
    CREATE TABLE totals (one INTEGER PRIMARY KEY CHECK (one = 1), bytes INTEGER NOT NULL);
    INSERT INTO totals VALUES (1, 0);
    PRAGMA user_version = ${schemaVersion};
    COMMIT;
  `);
}
