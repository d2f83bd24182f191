import { readFileSync, readlinkSync } from "node:fs";

/**
 * A name that no other process of this machine has had since it was started: its boot, its namespace of process ids, its id and
 * when it began. What is made on the host for a process carries it, so that others see whether that one still lives.
 */
export function ownToken(): string {
  own ??= [boot(), namespace(), process.pid, startOf(process.pid) ?? 0].join(".");
  return own;
}

let own: string | null = null;

/** Whether the process may live that has made something; `runs` says whether that still runs. Null is nobody's. */
export function mayLive(token: string | null, runs = false): boolean {
  if (token === null) return false;
  const [ofBoot, ofNamespace, pid, start] = token.split(".");
  // An earlier boot has left nothing that runs; it is of another machine, whose socket comes here through a tunnel.
  if (ofBoot !== boot()) return runs;
  // Ids of another namespace say nothing here.
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

/** When the process began, in ticks of the kernel; null when there is none. */
function startOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name in parentheses may hold anything; the 22nd field of all is the 20th behind it.
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
  } catch {
    return null;
  }
}
