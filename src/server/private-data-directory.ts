import { type ModeRepair, makePrivate, NotPrivateError } from "../lib/private-files.ts";
import type { ServerLog } from "./log.ts";
import { StartError } from "./start-error.ts";

/** What Berth makes in a data directory: the store with its logs, the seal key, and what the endpoints of tasks remember. */
const ours =
  /^(berth\.(sqlite|lock|pid).*|seal\.key(\.[0-9a-f]{8})?|(docker-endpoints|fargate-[0-9a-f]{12})\.json(\.new)?)$/;

/**
 * Takes the rights of others from the files of a data directory, and says what it changed. Throws StartError, with what to type, for one
 * that this user cannot change.
 */
export function repairDataDirectory(dataDir: string): readonly ModeRepair[] {
  try {
    return makePrivate(dataDir, (name) => ours.test(name));
  } catch (cause) {
    throw cause instanceof NotPrivateError ? new StartError(cause.message, { cause }) : cause;
  }
}

/** As {@link repairDataDirectory}, for a server: the log has a line for each change. */
export function keepPrivate(dataDir: string | null, log: ServerLog): void {
  if (dataDir === null) return;
  for (const repair of repairDataDirectory(dataDir)) log.write("warn", { ...repair }, repairText(repair));
}

/** A change of a mode, for a person. */
export function repairText({ path, was, now }: ModeRepair): string {
  const isKey = path.endsWith("seal.key");
  const advice = isKey ? " Whoever read it and the store has the secrets of the access keys: make new keys." : "";
  return `Others had access to ${path} (mode ${was}). The mode is now ${now}.${advice}`;
}
