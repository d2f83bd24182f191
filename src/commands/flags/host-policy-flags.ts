import { posix } from "node:path";
import type { HostPolicy } from "../../agent/docker/policy/host-policy.ts";
import { type Flag, listFlag, type Typed, UsageError } from "./flags.ts";

/** Flags of `berth agent` and `berth dev` that say what tasks may use on the machine whose Docker runs them. */
export const hostPolicyFlags = {
  "allow-privileged": {
    value: null,
    help: "Allow privileged containers, and any capability, device and security option. Such tasks own this machine.",
  },
  "allow-host-path": {
    value: "PATH",
    help: "Allow containers to mount this path and everything below it, after following links. Repeatable.",
    repeats: true,
  },
  "allow-host-pid": { value: null, help: "Allow pidMode host: tasks see this machine's processes." },
  "allow-host-ipc": { value: null, help: "Allow ipcMode host: tasks share memory with this machine's processes." },
  "allow-volume": {
    value: "NAME",
    help: "Allow tasks to use this Docker volume, which Berth did not create. Repeatable.",
    repeats: true,
  },
  "allow-volume-options": {
    value: null,
    help: "Allow other volume drivers and driver options. They can mount anything that Docker can, including host paths.",
  },
  "allow-capability": {
    value: "NAME",
    help: "Allow containers to add this capability, such as NET_ADMIN. Repeatable.",
    repeats: true,
  },
  "allow-device": {
    value: "PATH",
    help: "Allow containers to use this device, such as /dev/fuse. Repeatable.",
    repeats: true,
  },
  "no-host-network": {
    value: null,
    help: "Refuse network mode host, in which tasks reach everything that listens on loopback.",
  },
} as const satisfies Record<string, Flag>;

/** LIMIT: values per flag; each path of a starting task is compared with all of them. */
const valuesMax = 100;

/** Reads the flags. Throws UsageError for an invalid value. */
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

/** The first of these flags that was given. Null for none. */
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
  if (values.length > valuesMax) throw new UsageError(`--${name} may be given at most ${valuesMax} times.`);
  const wrong = values.find((value) => !form.test(value));
  if (wrong !== undefined) throw new UsageError(`--${name} must be ${says}, not "${wrong}".`);
  return values;
}
