import { closeSync, constants, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";

/** LIMIT: as many digits as the largest exact number has, so that a later record always covers an earlier one. */
const digits = 16;

/**
 * How many appends were acknowledged, in a file next to the database. If a start finds fewer in the database, some are lost: the
 * write-ahead log was deleted or cut, or the database is an older copy. The database has the number too, in the same transaction.
 * The file is written after that was synchronised, so it is never ahead of what was acknowledged. The file itself is not
 * synchronised: after a power failure it may be behind, and then less is noticed.
 */
export class AppendRecord {
  readonly #descriptor: number;

  /** The number in the file of `directory`. Null if there is none. */
  static read(directory: string): number | null {
    try {
      const text = readFileSync(join(directory, "berth.appended"), "utf8");
      return /^\d{16}\n/.test(text) ? Number(text.slice(0, digits)) : null;
    } catch {
      return null;
    }
  }

  /** Throws the file system's error. */
  constructor(directory: string) {
    this.#descriptor = openSync(join(directory, "berth.appended"), constants.O_RDWR | constants.O_CREAT, 0o600);
  }

  /** Never throws: without the record the next start only notices less. */
  write(acknowledged: number): void {
    try {
      writeSync(this.#descriptor, `${String(acknowledged).padStart(digits, "0")}\n`, 0);
    } catch {
      // Such as a full disk without room for the file's first bytes.
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}
