/** What the kernel says of a process. */
import { readFileSync } from "node:fs";

/** Resident memory in MiB; NaN when the process has ended. */
export function residentMiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readOf(pid, "status"))?.[1]) / 1024;
}

/** Bytes that the process has given to write calls so far, to files and sockets together; NaN when it has ended. */
export function bytesWritten(pid: number): number {
  return Number(/wchar:\s+(\d+)/.exec(readOf(pid, "io"))?.[1]);
}

function readOf(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    return "";
  }
}
