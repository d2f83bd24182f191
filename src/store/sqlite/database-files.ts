import { type BigIntStats, statSync } from "node:fs";
import { basename } from "node:path";
import type { DatabaseSync, StatementSync } from "node:sqlite";

/** The database, its write-ahead log, and the index of that log. */
const suffixes = ["", "-wal", "-shm"] as const;
type Suffix = (typeof suffixes)[number];

/** Those whose content only SQLite may change. The index is memory that happens to have a name. */
const watchedSuffixes = ["", "-wal"] as const;

/**
 * The files of an open database as the file system names them. A process keeps writing to a file that somebody deleted, renamed
 * or replaced; nobody would find those writes again, so they must not be acknowledged.
 */
export class DatabaseFiles {
  readonly #path: string;
  readonly #seen = new Map<Suffix, BigIntStats>();
  readonly #dataVersion: StatementSync;
  readonly #logState: StatementSync;
  #version: unknown;
  /** How many pages of the log the database file holds. */
  #checkpointed = 0;
  /** Why the content is not SQLite's any more. That does not pass: what is in memory and what is in the files differ. */
  #overwritten: string | null = null;

  /** `path` is the file that `database` has just opened and written to, so that all three files are there. */
  constructor(path: string, database: DatabaseSync) {
    this.#path = path;
    this.#dataVersion = database.prepare("PRAGMA data_version");
    this.#logState = database.prepare("PRAGMA wal_checkpoint(NOOP)");
    for (const suffix of suffixes) {
      const stat = this.#stat(suffix);
      if (stat !== undefined) this.#seen.set(suffix, stat);
    }
    this.#version = this.#dataVersion.get()?.data_version;
    this.#checkpointed = this.#checkpointedNow();
  }

  /** Why a write could not be found again, or would land on a damaged file; null when all is well. To ask before a transaction. */
  problemBefore(): string | null {
    return this.problemAfter(false) ?? this.#overwritten ?? this.#contentProblem();
  }

  /** Why what was just committed cannot be found under its name; null when it can. To ask after a transaction of our own. */
  problemAfter(ownWrite = true): string | null {
    for (const suffix of suffixes) {
      const was = this.#seen.get(suffix);
      const is = this.#stat(suffix);
      const name = `${this.#path}${suffix}`;
      if (is === undefined) return `${name} was deleted or renamed while Berth had it open`;
      if (was !== undefined && (is.ino !== was.ino || is.dev !== was.dev)) {
        return `${name} was replaced by another file while Berth had it open`;
      }
      if (ownWrite || was === undefined) this.#seen.set(suffix, is);
    }
    if (ownWrite) this.#checkpointed = this.#checkpointedNow();
    return null;
  }

  /** Programs that change the database through SQLite are fine: an sqlite3 shell that commits, or that moves the log into the file. */
  #contentProblem(): string | null {
    const changed = watchedSuffixes.filter((suffix) => this.#isChanged(suffix));
    if (changed.length === 0) return null;
    const version = this.#dataVersion.get()?.data_version;
    const checkpointed = this.#checkpointedNow();
    if (version === this.#version && checkpointed <= this.#checkpointed) {
      const names = changed.map((suffix) => `${this.#path}${suffix}`).join(" and ");
      this.#overwritten = `${names} was overwritten or shortened by another program while Berth had it open`;
      return this.#overwritten;
    }
    this.#version = version;
    this.problemAfter();
    return null;
  }

  #isChanged(suffix: Suffix): boolean {
    const was = this.#seen.get(suffix);
    const is = this.#stat(suffix);
    return was !== undefined && is !== undefined && (is.size !== was.size || is.mtimeNs !== was.mtimeNs);
  }

  #checkpointedNow(): number {
    return Number(this.#logState.get()?.checkpointed ?? 0);
  }

  #stat(suffix: Suffix): BigIntStats | undefined {
    return statSync(`${this.#path}${suffix}`, { bigint: true, throwIfNoEntry: false });
  }
}

/** What to do about a problem of the files, for people. */
export const filesAdvice = (path: string): string =>
  `Nothing is written any more. Put the file back under its name, or stop Berth, put a whole ${basename(path)} in its place, and start Berth again.`;
