import { posix } from "node:path";
import type { HostPolicy } from "../agent/docker/host-policy.ts";
import { type Flag, listFlag, type Typed, UsageError } from "./flags.ts";

/** Flags of `berth agent` and `berth dev`: what tasks may do on the machine whose Docker runs them. */
export const hostPolicyFlags = {
  "allow-privileged": {
    value: null,
    help: "Let tasks be privileged, with any capability, device and security option: they then own this machine.",
  },
  "allow-host-path": {
    value: "PATH",
    help: "Let containers mount this path and what is below it, links followed. May be repeated.",
    repeats: true,
  },
  "allow-host-pid": { value: null, help: "Let tasks see and signal the processes of this machine (pidMode host)." },
  "allow-host-ipc": { value: null, help: "Let tasks share memory with processes of this machine (ipcMode host)." },
  "allow-volume": {
    value: "NAME",
    help: "Let tasks use this Docker volume, which Berth did not make. May be repeated.",
    repeats: true,
  },
  "allow-volume-options": {
    value: null,
    help: "Let volumes have other drivers and driver options: they can mount all that Docker can, host paths too.",
  },
  "allow-capability": {
    value: "NAME",
    help: "Let containers add this capability, such as NET_ADMIN. May be repeated.",
    repeats: true,
  },
  "allow-device": {
    value: "PATH",
    help: "Let containers have this device, such as /dev/fuse. May be repeated.",
    repeats: true,
  },
  "no-host-network": { value: null, help: "Refuse tasks in network mode host: they reach what listens on loopback." },
} as const satisfies Record<string, Flag>;

/** LIMIT: values of one flag; a task's start compares each of its paths with all of them. */
const valuesMax = 100;

/** What the flags say. Throws UsageError for a value that a flag does not take. */
export function hostPolicyFrom(typed: Typed): HostPolicy {
  const has = (name: keyof typeof hostPolicyFlags): boolean => typed.flags.has(name);
  return {
    privileged: has("allow-privileged"),
    hostPaths: pathsOf(typed, "allow-host-path"),
    hostPid: has("allow-host-pid"),
    hostIpc: has("allow-host-ipc"),
    hostNetwork: !has("no-host-network"),
    volumes: valuesOf(typed, "allow-volume", /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$/, "the name of a Docker volume"),
    volumeOptions: has("allow-volume-options"),
    capabilities: valuesOf(typed, "allow-capability", /^[A-Za-z_]{2,64}$/, "a name like NET_ADMIN").map((name) =>
      name.toUpperCase().replace(/^CAP_/, ""),
    ),
    devices: pathsOf(typed, "allow-device"),
  };
}

/** The first of these flags that was typed; null for none. */
export function typedPolicyFlag(typed: Typed): string | null {
  const names = Object.keys(hostPolicyFlags);
  return names.find((name) => typed.flags.has(name) || typed.lists.has(name)) ?? null;
}

function pathsOf(typed: Typed, name: "allow-host-path" | "allow-device"): readonly string[] {
  const paths = valuesOf(typed, name, /^\/[^\0]*$/, "an absolute path");
  return paths.map((path) => posix.normalize(path).replace(/(?<=.)\/$/, ""));
}

function valuesOf(typed: Typed, name: string, form: RegExp, says: string): readonly string[] {
  const values = listFlag(typed, name);
  if (values.length > valuesMax) throw new UsageError(`--${name} may be given ${valuesMax} times.`);
  const wrong = values.find((value) => !form.test(value));
  if (wrong !== undefined) throw new UsageError(`--${name} must be ${says}, not "${wrong}".`);
  return values;
}
