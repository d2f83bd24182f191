import { readFileSync, readlinkSync } from "node:fs";

/**
 * A name that no other process of this machine has had since it was started: its boot, PID namespace, process id and start time.
 * Whatever Berth makes on the host for a process carries it, so that others see whether the process is still alive.
 */
export function ownToken(): string {
  own ??= [boot(), namespace(), process.pid, startOf(process.pid) ?? 0].join(".");
  return own;
}

let own: string | null = null;

/**
 * Whether the process that made something may be alive. `runs` says whether the thing itself still runs. A null token belongs to
 * nobody.
 */
export function mayLive(token: string | null, runs = false): boolean {
  if (token === null) return false;
  const [ofBoot, ofNamespace, pid, start] = token.split(".");
  // Nothing of an earlier boot still runs. If this does, it is on another machine, whose socket is tunnelled here.
  if (ofBoot !== boot()) return runs;
  // Ids of another namespace mean nothing here.
  if (ofNamespace !== namespace()) return true;
  const found = startOf(Number(pid));
  return found === null ? exists(Number(pid)) : String(found) === start;
}

/** For systems and users that cannot see when a process began. */
function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

const boot = (): string => {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "latin1").slice(0, 8);
  } catch {
    return "unknown";
  }
};

const namespace = (): string => {
  try {
    return /\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0] ?? "0";
  } catch {
    return "0";
  }
};

/** When the process began, in kernel ticks. Null if there is none. */
function startOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name in parentheses may contain anything. The 22nd field of all is the 20th after it.
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
  } catch {
    return null;
  }
}
