import { closeSync, constants, fchmodSync, fstatSync, lstatSync, openSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** A file that other users could access before its mode was changed. Modes are in octal. */
export type ModeRepair = { readonly path: string; readonly was: string; readonly now: string };

/** Other users can access a file whose mode we do not change. The message says what to type. */
export class NotPrivateError extends Error {
  override readonly name = "NotPrivateError";
}

/**
 * Removes all rights of group and others from the files in `folder` whose names are `ours`, and their right to write to the
 * folder itself unless it is sticky or belongs to another user. Returns what it changed, or nothing if the folder does not exist.
 * Throws {@link NotPrivateError} for a file whose mode cannot be changed, and for a link to a file that others can access.
 */
export function makePrivate(folder: string, ours: (name: string) => boolean): readonly ModeRepair[] {
  // Mode bits mean nothing on Windows.
  if (process.platform === "win32") return [];
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch {
    // The code that uses the folder reports a better error.
    return [];
  }
  const repairs = names.filter(ours).map((name) => repairedFile(join(folder, name)));
  return [repairedFolder(folder), ...repairs].filter((repair) => repair !== null);
}

/**
 * Throws {@link NotPrivateError} if group or others can access the file at `path`. `what` names it in the message. Never changes
 * the mode.
 */
export function mustBePrivate(path: string, what: string): void {
  const { mode, uid } = statSync(path);
  // A file that root owns and a group may read is a common way to give a key to a service.
  const isGiven = uid === 0 && process.getuid?.() !== 0 && (mode & 0o037) === 0;
  if (process.platform === "win32" || isGiven || (mode & 0o077) === 0) return;
  throw new NotPrivateError(`The ${what} ${path} can be read by others (mode ${shown(mode)}): chmod 600 ${path}`);
}

function repairedFile(path: string): ModeRepair | null {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return null;
  if (found.isSymbolicLink()) {
    if (statSync(path, { throwIfNoEntry: false })?.isFile()) mustBePrivate(path, "file");
    return null;
  }
  if (!found.isFile() || (found.mode & 0o077) === 0) return null;
  let file: number | null = null;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    const { mode } = fstatSync(file);
    fchmodSync(file, mode & 0o700);
    return { path, was: shown(mode), now: shown(mode & 0o700) };
  } catch (cause) {
    const why = `The file ${path} can be read by others (mode ${shown(found.mode)}), and this user may not change that`;
    throw new NotPrivateError(`${why}: chmod 600 ${path}`, { cause });
  } finally {
    if (file !== null) closeSync(file);
  }
}

function repairedFolder(path: string): ModeRepair | null {
  const { mode, uid } = statSync(path);
  const isSticky = (mode & 0o1000) !== 0;
  if ((mode & 0o022) === 0 || isSticky || uid !== process.getuid?.()) return null;
  const folder = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fchmodSync(folder, mode & 0o7755);
  } finally {
    closeSync(folder);
  }
  return { path, was: shown(mode), now: shown(mode & 0o7755) };
}

const shown = (mode: number): string => (mode & 0o7777).toString(8).padStart(4, "0");
