import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { StoreError, StoreInUseError } from "../store.ts";
import { hasSqliteCode } from "./sqlite-error.ts";

/** Held by one process at a time. `release` lets the next one in. */
export type DataDirectory = { readonly path: string; release(): void };

/**
 * Creates the directory if it is missing and takes it for this process. The lock is an operating system lock on `berth.lock`,
 * taken through SQLite, so it vanishes with the process however that ends. Throws {@link StoreInUseError} if another process has
 * it, {@link StoreError} if the directory cannot be written.
 */
export function takeDataDirectory(dataDir: string): DataDirectory {
  const path = resolve(dataDir);
  const pidFile = join(path, "berth.pid");
  try {
    createDurably(path);
  } catch (cause) {
    throw unusable(path, cause);
  }
  const lock = takeLock(path, pidFile);
  try {
    // Only for people and for the message of the next process. The lock is what counts.
    writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o600 });
  } catch (cause) {
    lock.close();
    throw unusable(path, cause);
  }
  return {
    path,
    release() {
      rmSync(pidFile, { force: true });
      lock.close();
    },
  };
}

/** Only SQLite may touch `berth.lock`: closing any other descriptor of a file drops the process's locks on it. */
function takeLock(path: string, pidFile: string): DatabaseSync {
  let lock: DatabaseSync | null = null;
  try {
    const file = join(path, "berth.lock");
    lock = new DatabaseSync(file, { timeout: 0 });
    // Whoever may open it could hold it, in a directory that others may enter.
    chmodSync(file, 0o600);
    lock.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    return lock;
  } catch (cause) {
    lock?.close();
    if (!hasSqliteCode(cause, "busy")) throw unusable(path, cause);
    const pid = readPid(pidFile);
    const holder = pid === null ? "another process" : `the process ${pid}`;
    throw new StoreInUseError(
      `The data directory ${path} is in use by ${holder}. Stop that process, or choose another directory with --data-dir.`,
      { cause },
    );
  }
}

function readPid(pidFile: string): number | null {
  try {
    const pid = Number.parseInt(readFileSync(pidFile, "utf8"), 10);
    return Number.isNaN(pid) ? null : pid;
  } catch {
    return null;
  }
}

/** A new directory survives power loss only once its entry in the parent has been synchronised as well. */
function createDurably(path: string): void {
  const topmostCreated = mkdirSync(path, { recursive: true, mode: 0o700 });
  if (topmostCreated === undefined || process.platform === "win32") return;
  const last = dirname(resolve(topmostCreated));
  for (let directory = dirname(path); ; directory = dirname(directory)) {
    const descriptor = openSync(directory, "r");
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    if (directory === last) return;
  }
}

function unusable(path: string, cause: unknown): StoreError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new StoreError(
    `The data directory ${path} cannot be used (${reason}). Make it a directory that this user may write, or choose another one with --data-dir.`,
    { cause },
  );
}
