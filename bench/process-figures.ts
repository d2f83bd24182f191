/** What the kernel reports about a process. */
import { readFileSync } from "node:fs";

/** Resident memory in MiB. NaN if the process has ended. */
export function residentMiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readOf(pid, "status"))?.[1]) / 1024;
}

/** Bytes that the process has passed to write calls so far, for files and sockets together. NaN if it has ended. */
export function bytesWritten(pid: number): number {
  return Number(/wchar:\s+(\d+)/.exec(readOf(pid, "io"))?.[1]);
}

/** Milliseconds of CPU that the process has used, in tens. NaN if it has ended. */
export function cpuMs(pid: number): number {
  const [, rest = ""] = /^.*\) (.*)$/s.exec(readOf(pid, "stat")) ?? [];
  const fields = rest.split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function readOf(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    return "";
  }
}
