import { closeSync, constants, fchmodSync, fstatSync, lstatSync, openSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** A file that others could read or write, and now cannot. Modes as `chmod` takes them. */
export type ModeRepair = { readonly path: string; readonly was: string; readonly now: string };

/** A file that others can read or write, and whose mode is not ours to change; the text says what to type. */
export class NotPrivateError extends Error {
  override readonly name = "NotPrivateError";
}

/**
 * Takes the rights of group and others from the files of `folder` whose names are `ours`, and the right to write to the folder itself,
 * unless it is sticky or another user's. Gives what was changed; nothing for a folder that is not there. Throws
 * {@link NotPrivateError} for a file whose mode cannot be changed, or that is a link to such a file.
 */
export function makePrivate(folder: string, ours: (name: string) => boolean): readonly ModeRepair[] {
  // The bits mean nothing there.
  if (process.platform === "win32") return [];
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch {
    // Whoever uses the folder finds out, and says so.
    return [];
  }
  const repairs = names.filter(ours).map((name) => repairedFile(join(folder, name)));
  return [repairedFolder(folder), ...repairs].filter((repair) => repair !== null);
}

/** Throws {@link NotPrivateError} when group or others can read or write the file, which is `what`; its mode is left to its owner. */
export function mustBePrivate(path: string, what: string): void {
  const { mode, uid } = statSync(path);
  // A file of root's that a group may read is how a service that is not root is given it.
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
