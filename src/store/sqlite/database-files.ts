import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  realpathSync,
  type Stats,
  statSync,
} from "node:fs";
import { basename } from "node:path";
import type { DatabaseSync, StatementSync } from "node:sqlite";

/**
 * LIMIT: how often the log's size and time are checked during a series of commits. Linux keeps exact times for a file that
 * somebody has looked at, and then each commit writes the time too, which takes half as long again. Its name is checked each
 * time.
 */
const logContentMs = 100;

/** Which log there is, and how many of its pages are in the database. */
type Checkpoint = { readonly log: number; readonly pages: number };

/**
 * The files of an open database as the file system names them. A process keeps writing to a file that somebody deleted, renamed
 * or replaced. Nobody would find those writes again, so they must not be acknowledged. The same goes for files that a program
 * changes without SQLite.
 */
export class DatabaseFiles {
  readonly #database: string;
  readonly #log: string;
  readonly #index: string;
  /** Where the system says which file our log is. Null if it does not. */
  readonly #logLink: { readonly link: string; readonly name: string } | null;
  readonly #dataVersion: StatementSync;
  readonly #logState: StatementSync;
  readonly #indexWas: Stats | undefined;
  #databaseWas: Stats | undefined;
  #logWas: Stats | undefined;
  /** Whether we have written nothing to the log since `#logWas`. */
  #logIsKnown = true;
  #logKnownAt = performance.now();
  #version: unknown;
  #checkpoint: Checkpoint;
  /** Why the content is no longer SQLite's. This is permanent: memory and files differ. */
  #overwritten: string | null = null;

  /** `path` is the file that `database` has just opened and written to, so that log and index exist. */
  constructor(path: string, database: DatabaseSync) {
    this.#database = path;
    this.#log = `${path}-wal`;
    this.#index = `${path}-shm`;
    this.#logLink = linkTo(this.#log);
    this.#dataVersion = database.prepare("PRAGMA data_version");
    this.#logState = database.prepare("PRAGMA wal_checkpoint(NOOP)");
    this.#databaseWas = statOf(path);
    this.#logWas = statOf(this.#log);
    this.#indexWas = statOf(this.#index);
    this.#version = this.#dataVersion.get()?.data_version;
    this.#checkpoint = this.#checkpointNow();
  }

  /**
   * Why a write could be lost, or would land on a damaged file. Null if all is well. Call it before a transaction, and with
   * `whenIdle` from time to time, which always checks the log as well.
   */
  problemBefore(whenIdle = false): string | null {
    const database = statOf(this.#database);
    const problem =
      nameProblem(this.#database, this.#databaseWas, database) ??
      this.#logNameProblem() ??
      nameProblem(this.#index, this.#indexWas, statOf(this.#index)) ??
      this.#overwritten;
    if (problem !== null) return problem;
    const changed = isChanged(this.#databaseWas, database) ? [this.#database] : [];
    if (whenIdle && !this.#logIsKnown) this.#knowLog();
    else if (whenIdle || (this.#logIsKnown && performance.now() - this.#logKnownAt > logContentMs)) {
      if (isChanged(this.#logWas, statOf(this.#log))) changed.push(this.#log);
    }
    return changed.length === 0 ? null : this.#contentProblem(changed);
  }

  /**
   * Why what we have just written, or tried to write, cannot be found under its name. Null if it can. Call it after a
   * transaction.
   */
  problemAfter(): string | null {
    this.#logIsKnown = false;
    const database = statOf(this.#database);
    const problem = nameProblem(this.#database, this.#databaseWas, database) ?? this.#logNameProblem();
    if (problem !== null) return problem;
    if (performance.now() - this.#logKnownAt > logContentMs) this.#knowLog();
    const isCheckpoint = isChanged(this.#databaseWas, database);
    this.#databaseWas = database;
    // The commit has moved the log into the database.
    if (isCheckpoint) this.#checkpoint = this.#checkpointNow();
    return null;
  }

  #knowLog(): void {
    this.#logWas = statOf(this.#log);
    this.#logIsKnown = true;
    this.#logKnownAt = performance.now();
  }

  #logNameProblem(): string | null {
    if (this.#logLink === null) return nameProblem(this.#log, this.#logWas, statOf(this.#log));
    if (readlinkSync(this.#logLink.link) === this.#logLink.name) return null;
    return existsSync(this.#log) ? replaced(this.#log) : vanished(this.#log);
  }

  /**
   * Programs that change the database through SQLite are fine: an sqlite3 shell that commits, or that moves the log into the
   * file.
   */
  #contentProblem(changed: readonly string[]): string | null {
    const version = this.#dataVersion.get()?.data_version;
    const { log, pages } = this.#checkpointNow();
    // Another log has begun since. Its pages are in the database only if another program moved them there.
    const known = log === this.#checkpoint.log ? this.#checkpoint.pages : 0;
    if (version === this.#version && pages <= known) {
      this.#overwritten = `${changed.join(" and ")} was overwritten or shortened by another program while Berth had it open`;
      return this.#overwritten;
    }
    this.#version = version;
    const problem = this.problemAfter();
    this.#knowLog();
    return problem;
  }

  #checkpointNow(): Checkpoint {
    return { log: logNumber(this.#log), pages: Number(this.#logState.get()?.checkpointed ?? 0) };
  }
}

export const statOf = (path: string): Stats | undefined => statSync(path, { throwIfNoEntry: false });

const vanished = (path: string): string => `${path} was deleted or renamed while Berth had it open`;
const replaced = (path: string): string => `${path} was replaced by another file while Berth had it open`;

/** Why the file that is now at `path` is not the one that was opened; null if it is. */
export function nameProblem(path: string, was: Stats | undefined, is: Stats | undefined): string | null {
  if (is === undefined) return vanished(path);
  return was === undefined || (is.ino === was.ino && is.dev === was.dev) ? null : replaced(path);
}

const isChanged = (was: Stats | undefined, is: Stats | undefined): boolean =>
  was !== undefined && is !== undefined && (is.size !== was.size || is.mtimeMs !== was.mtimeMs);

/** The entry under /proc of this process's open file `path`, and what it must contain. Null if there is none. */
function linkTo(path: string): { readonly link: string; readonly name: string } | null {
  try {
    const name = realpathSync(path);
    for (const descriptor of readdirSync("/proc/self/fd")) {
      const link = `/proc/self/fd/${descriptor}`;
      if (linkText(link) === name) return { link, name };
    }
  } catch {
    // Not Linux.
  }
  return null;
}

function linkText(link: string): string | null {
  try {
    return readlinkSync(link);
  } catch {
    // The descriptor of the listing itself has been closed by now.
    return null;
  }
}

/** Bytes 12 to 15 of a write-ahead log count the logs that were begun in the file (sqlite.org/fileformat2.html, 4.1). */
function logNumber(path: string): number {
  const header = Buffer.alloc(16);
  const descriptor = openSync(path, "r");
  try {
    readSync(descriptor, header, 0, header.length, 0);
  } finally {
    // SQLite's locks are on the other two files, so closing this one drops none.
    closeSync(descriptor);
  }
  return header.readUInt32BE(12);
}

/** What to do about a problem with the files, for people. */
export const filesAdvice = (path: string): string =>
  `Nothing is written any more. Put the file back under its name, or stop Berth, put a whole ${basename(path)} in its place, and start Berth again.`;
