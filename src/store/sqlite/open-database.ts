import { closeSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { StoreError } from "../store.ts";
import { migrate, readMigrations } from "./migrate.ts";
import { hasSqliteCode } from "./sqlite-error.ts";

/** LIMIT: a backup or an sqlite3 shell holds its lock for milliseconds; longer waits would stop the event loop. */
const foreignLockTimeoutMs = 100;

/**
 * Opens or creates the database file, durable at each commit and with the newest schema. Throws {@link StoreError} with advice if
 * the file is not ours, damaged, too new, or cannot be written.
 */
export function openDatabase(file: string): DatabaseSync {
  let database: DatabaseSync | null = null;
  try {
    // The log and its index inherit the file's permissions.
    closeSync(openSync(file, "a", 0o600));
    database = new DatabaseSync(file, { timeout: foreignLockTimeoutMs });
    // Pages of 8 KiB hold rows of a few kilobytes without overflow; the size is fixed when the file is first written. fullfsync
    // is for macOS, whose ordinary fsync leaves the data in the drive's cache.
    // LIMIT: 32 MiB of cache hold the upper pages of an index over millions of documents, and 64 MiB the log once the rare large
    // transaction that grew it is over.
    database.exec(`
      PRAGMA page_size = 8192;
      PRAGMA cache_size = -32768;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA fullfsync = ON;
      PRAGMA checkpoint_fullfsync = ON;
      PRAGMA journal_size_limit = 67108864;
    `);
    migrate(database, file, readMigrations());
    return database;
  } catch (cause) {
    database?.close();
    throw cause instanceof StoreError ? cause : new StoreError(openingFailure(file, cause), { cause });
  }
}

function openingFailure(file: string, cause: unknown): string {
  if (hasSqliteCode(cause, "notADatabase") || hasSqliteCode(cause, "corrupt")) {
    return `${file} is not a SQLite database, or it is damaged. Restore it from a backup, move it away to start empty, or choose another directory with --data-dir.`;
  }
  const reason = cause instanceof Error ? cause.message : String(cause);
  return `${file} cannot be opened (${reason}). Check that this user may write it and that the disk has room, or choose another directory with --data-dir.`;
}
