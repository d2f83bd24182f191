import type { HostAttribute } from "../../registration.ts";

/**
 * What tasks may use on a host beyond their own containers. Only the operator's flags change it; nothing from the control plane
 * does. Paths are absolute.
 */
export type HostPolicy = {
  /** Privileged containers, and with them every capability, device, security option, kernel setting and tmpfs option. */
  readonly privileged: boolean;
  /** Folders and files that containers may mount, including everything below them. */
  readonly hostPaths: readonly string[];
  readonly hostPid: boolean;
  readonly hostIpc: boolean;
  readonly hostNetwork: boolean;
  /** Names of Docker volumes that tasks may use even though Berth did not create them. */
  readonly volumes: readonly string[];
  /** Driver options that make Docker mount something: NFS, block devices, host folders. */
  readonly volumeOptions: boolean;
  /** Upper case, without `CAP_`; in addition to {@link harmlessCapabilities}. */
  readonly capabilities: readonly string[];
  /** Device files, or folders of device files. */
  readonly devices: readonly string[];
};

/**
 * The policy when no flag is given. It allows network mode host because ECS offers it on every instance.
 * DIFFERS: `berth agent` and the Docker instance of `berth dev` refuse privileged containers, host paths, `pidMode` and `ipcMode` host, existing Docker volumes, volume driver options, added capabilities, devices and security options unless `--allow` flags permit them.
 */
export const strictPolicy: HostPolicy = {
  privileged: false,
  hostPaths: [],
  hostPid: false,
  hostIpc: false,
  hostNetwork: true,
  volumes: [],
  volumeOptions: false,
  capabilities: [],
  devices: [],
};

/** The host's policy forbids something; the message names it and the flag that allows it. */
export class HostRefusal extends Error {
  override readonly name = "HostRefusal";
}

/** Throws {@link HostRefusal} for `what`. Omit `flag` if no flag can allow it. */
export function refuseOnHost(what: string, flag?: string): never {
  const advice = flag === undefined ? "" : `; start the agent ${flag.startsWith("--no-") ? "without" : "with"} ${flag}`;
  throw new HostRefusal(`${what} not allowed on this host${advice}`);
}

/**
 * Something that a policy forbids, with the flag that controls it. If `attribute` is set, the host does not register that attribute, so
 * tasks that need it are not placed here. If it is null, such a task stops as soon as it arrives.
 */
export type Withheld = { readonly what: string; readonly flag: string; readonly attribute: string | null };

const privilegedAttribute = "com.amazonaws.ecs.capability.privileged-container";
const hostNetworkRoleAttribute = "com.amazonaws.ecs.capability.task-iam-role-network-host";

/** Everything that `policy` forbids, to show to the operator. */
export function withheldBy(policy: HostPolicy): readonly Withheld[] {
  const rows: readonly (readonly [isAllowed: boolean, what: string, flag: string, attribute?: string])[] = [
    [policy.privileged, "privileged containers", "--allow-privileged", privilegedAttribute],
    [policy.hostPaths.length > 0, "host paths", "--allow-host-path PATH"],
    [policy.hostPid, "pidMode host", "--allow-host-pid"],
    [policy.hostIpc, "ipcMode host", "--allow-host-ipc"],
    [policy.volumes.length > 0, "Docker volumes that Berth did not make", "--allow-volume NAME"],
    [policy.volumeOptions, "volume driver options that mount something", "--allow-volume-options"],
    [policy.privileged || policy.capabilities.length > 0, "added capabilities", "--allow-capability NAME"],
    [policy.privileged || policy.devices.length > 0, "devices", "--allow-device PATH"],
    [policy.hostNetwork, "network mode host", "--no-host-network", hostNetworkRoleAttribute],
  ];
  return rows
    .filter(([isAllowed]) => !isAllowed)
    .map(([, what, flag, attribute]) => ({ what, flag, attribute: attribute ?? null }));
}

/** `attributes` without those that `policy` withholds. */
export function offeredUnder(policy: HostPolicy, attributes: readonly HostAttribute[]): readonly HostAttribute[] {
  const withheld = new Set(withheldBy(policy).map(({ attribute }) => attribute));
  return attributes.filter(({ name }) => !withheld.has(name));
}

/** Whether `path` is `folder` or below it. Both are absolute and have no `.`, `..` or trailing slash. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === "/" ? "/" : `${folder}/`);
}

/** Docker's default capabilities, and SYS_PTRACE, which reaches only the container's own processes. AWS: Fargate allows it too. */
export const harmlessCapabilities: readonly string[] = [
  "AUDIT_WRITE",
  "CHOWN",
  "DAC_OVERRIDE",
  "FOWNER",
  "FSETID",
  "KILL",
  "MKNOD",
  "NET_BIND_SERVICE",
  "NET_RAW",
  "SETFCAP",
  "SETGID",
  "SETPCAP",
  "SETUID",
  "SYS_CHROOT",
  "SYS_PTRACE",
];

/** Mount options that affect only the tmpfs itself; `bind`, `shared` and `remount` do more. */
const tmpfsOptions =
  /^(defaults|ro|rw|(no)?(suid|dev|exec|atime|diratime|relatime|strictatime)|a?sync|dirsync|(size|mode|uid|gid|nr_inodes|nr_blocks)=[0-9]+[kmg%]?)$/i;

/** Whether all of `options`, separated by commas, affect only the tmpfs that they are given for. */
export function isPlainTmpfs(options: string): boolean {
  return options.split(",").every((option) => option === "" || tmpfsOptions.test(option));
}

type Json = { readonly [member: string]: unknown };

/** The modes that the agent chose so that the container joins its task's namespaces. These are always allowed. */
export type OwnModes = { readonly networkMode?: string; readonly pidMode?: string; readonly ipcMode?: string };

/**
 * Throws {@link HostRefusal} if `policy` forbids a container with this complete `HostConfig`. Host paths and devices are checked in
 * host-guard.ts, because resolving them needs the file system.
 */
export function checkHostConfig(hostConfig: Json, own: OwnModes, policy: HostPolicy): void {
  checkModes(hostConfig, own, policy);
  if (policy.privileged) return;
  if (hostConfig.Privileged === true) refuseOnHost("privileged containers are", "--allow-privileged");
  for (const name of texts(hostConfig.CapAdd)) {
    const plain = name.toUpperCase().replace(/^CAP_/, "");
    // With the host's processes in view, SYS_PTRACE could take them over.
    const isHarmless =
      harmlessCapabilities.includes(plain) && !(plain === "SYS_PTRACE" && hostConfig.PidMode === "host");
    if (!isHarmless && !policy.capabilities.some((allowed) => allowed === plain || allowed === "ALL")) {
      refuseOnHost(`the capability ${plain} is`, `--allow-capability ${plain}`);
    }
  }
  for (const option of texts(hostConfig.SecurityOpt)) {
    if (/^no-new-privileges([:=]true)?$/.test(option)) continue;
    refuseOnHost(`the security option ${option} is`, "--allow-privileged");
  }
  for (const name of Object.keys(Object(hostConfig.Sysctls))) {
    if (!isOwnSysctl(name, hostConfig)) refuseOnHost(`the kernel setting ${name} is`, "--allow-privileged");
  }
  for (const { Name } of objects(hostConfig.Ulimits)) {
    // A real-time process can starve every other process on the host.
    if (Name === "rtprio") refuseOnHost("the ulimit rtprio is", "--allow-privileged");
  }
  for (const [path, options] of Object.entries(Object(hostConfig.Tmpfs))) {
    if (!isPlainTmpfs(String(options)))
      refuseOnHost(`the mount options of the tmpfs ${path} are`, "--allow-privileged");
  }
}

function checkModes({ NetworkMode, PidMode, IpcMode }: Json, own: OwnModes, policy: HostPolicy): void {
  if (PidMode === "host" && !policy.hostPid) refuseOnHost("pidMode host is", "--allow-host-pid");
  if (IpcMode === "host" && !policy.hostIpc) refuseOnHost("ipcMode host is", "--allow-host-ipc");
  if (NetworkMode === "host" && !policy.hostNetwork) refuseOnHost("network mode host is", "--no-host-network");
  const isKnown = (mode: unknown, known: readonly string[], mine: string | undefined): boolean =>
    mode === undefined || known.includes(String(mode)) || (mine !== undefined && mode === mine);
  if (!isKnown(NetworkMode, ["", "bridge", "default", "host", "none"], own.networkMode)) {
    refuseOnHost(`network mode ${String(NetworkMode)} is`);
  }
  if (!isKnown(PidMode, ["", "host"], own.pidMode)) refuseOnHost(`pidMode ${String(PidMode)} is`);
  if (!isKnown(IpcMode, ["", "host", "none", "private", "shareable"], own.ipcMode)) {
    refuseOnHost(`ipcMode ${String(IpcMode)} is`);
  }
}

/** Whether a kernel setting is limited to the container's own namespace. */
function isOwnSysctl(name: string, { NetworkMode, IpcMode }: Json): boolean {
  // No slashes: runc turns the name into a path, and `net./../kernel.x` would leave the net folder.
  if (/^net\.[\w.-]+$/.test(name)) return NetworkMode !== "host";
  if (/^(kernel\.(msgmax|msgmnb|msgmni|sem|shmall|shmmax|shmmni|shm_rmid_forced)|fs\.mqueue\.\w+)$/.test(name)) {
    return IpcMode !== "host";
  }
  return false;
}

const texts = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : []);
const objects = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.map((one) => Object(one)) : []);
