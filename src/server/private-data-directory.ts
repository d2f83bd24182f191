import { type ModeRepair, makePrivate, NotPrivateError } from "../lib/private-files.ts";
import type { ServerLog } from "./log/log.ts";
import { StartError } from "./start-error.ts";

/** The files that Berth creates in a data directory: the stores, the seal key and the saved state of task endpoints. */
const ours =
  /^(berth\.(sqlite|logs|lock|pid|appended).*|seal\.key(\.[0-9a-f]{8})?|(docker-(endpoints|logs)|fargate-[0-9a-f]{12}(-logs)?)\.json(\.new)?)$/;

/**
 * Removes other users' access to the files of a data directory and returns what it changed. Throws StartError, which says what to type, for
 * a file whose mode cannot be changed.
 */
export function repairDataDirectory(dataDir: string): readonly ModeRepair[] {
  try {
    return makePrivate(dataDir, (name) => ours.test(name));
  } catch (cause) {
    throw cause instanceof NotPrivateError ? new StartError(cause.message, { cause }) : cause;
  }
}

/** Like {@link repairDataDirectory}, but logs each change. */
export function keepPrivate(dataDir: string | null, log: ServerLog): void {
  if (dataDir === null) return;
  for (const repair of repairDataDirectory(dataDir))
    log.write("file-mode-repaired", { ...repair, advice: repairText(repair) });
}

/** One sentence about a changed mode, and for the seal key what to do. */
export function repairText({ path, was, now }: ModeRepair): string {
  const isKey = path.endsWith("seal.key");
  const advice = isKey
    ? " Anyone who read it together with the store has the secrets of the access keys, so create new keys."
    : "";
  return `Other users had access to ${path} (mode ${was}). The mode is now ${now}.${advice}`;
}
