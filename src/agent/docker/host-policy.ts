import type { HostAttribute } from "../registration.ts";

/**
 * What tasks may do on a host beyond their own containers. The operator of the host decides it, by flags; nothing that comes from the
 * control plane changes it. Paths are absolute.
 */
export type HostPolicy = {
  /** Privileged containers, and with them every capability, device, security option, kernel setting and tmpfs option. */
  readonly privileged: boolean;
  /** Folders and files that containers may mount, with everything below them. */
  readonly hostPaths: readonly string[];
  readonly hostPid: boolean;
  readonly hostIpc: boolean;
  readonly hostNetwork: boolean;
  /** Docker volumes that tasks may use though Berth did not make them. */
  readonly volumes: readonly string[];
  /** Driver options with which Docker mounts something itself: NFS, block devices, folders of the host. */
  readonly volumeOptions: boolean;
  /** Without `CAP_`, in capitals; in addition to {@link harmlessCapabilities}. */
  readonly capabilities: readonly string[];
  /** Device files, and folders of them. */
  readonly devices: readonly string[];
};

/** The policy without any flag. Network mode host is allowed because ECS offers it on every instance. */
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

/** Something that the policy of the host does not allow; the message says what, and which flag of the agent allows it. */
export class HostRefusal extends Error {
  override readonly name = "HostRefusal";
}

/** Throws the refusal of `what`. `flag` is undefined for what no flag allows. */
export function refuseOnHost(what: string, flag?: string): never {
  const advice = flag === undefined ? "" : `; start the agent ${flag.startsWith("--no-") ? "without" : "with"} ${flag}`;
  throw new HostRefusal(`${what} not allowed on this host${advice}`);
}

/**
 * What a policy does not allow, and the flag that decides it. `attribute` is the one that the host does not offer for that reason: tasks
 * that need it are not placed here. Without one, a task that asks for it stops as soon as it arrives.
 */
export type Withheld = { readonly what: string; readonly flag: string; readonly attribute: string | null };

const privilegedAttribute = "com.amazonaws.ecs.capability.privileged-container";
const hostNetworkRoleAttribute = "com.amazonaws.ecs.capability.task-iam-role-network-host";

/** Everything that `policy` does not allow, for the operator. */
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

/** The attributes of a host, without those of what its policy does not allow. */
export function offeredUnder(policy: HostPolicy, attributes: readonly HostAttribute[]): readonly HostAttribute[] {
  const withheld = new Set(withheldBy(policy).map(({ attribute }) => attribute));
  return attributes.filter(({ name }) => !withheld.has(name));
}

/** Whether `path` is `folder` or below it. Both are absolute and have no `.`, `..` or slash at the end. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === "/" ? "/" : `${folder}/`);
}

/**
 * Docker gives every container the first fourteen. SYS_PTRACE looks at the container's own processes only; AWS: Fargate allows it too.
 */
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

/** Options of a tmpfs that concern nothing but the tmpfs. Not among them: those that bind, share or mount again. */
const tmpfsOptions =
  /^(defaults|ro|rw|(no)?(suid|dev|exec|atime|diratime|relatime|strictatime)|a?sync|dirsync|(size|mode|uid|gid|nr_inodes|nr_blocks)=[0-9]+[kmg%]?)$/i;

/** Whether `options`, separated by commas, concern nothing but the tmpfs that they are for. */
export function isPlainTmpfs(options: string): boolean {
  return options.split(",").every((option) => option === "" || tmpfsOptions.test(option));
}

type Json = { readonly [member: string]: unknown };

/** The modes that the agent itself gives the container, to join its task: these are always right. */
export type OwnModes = { readonly networkMode?: string; readonly pidMode?: string; readonly ipcMode?: string };

/**
 * Throws {@link HostRefusal} when `policy` does not allow a container with this `HostConfig`, which is complete. Host paths and
 * devices are resolved elsewhere, since that needs the disk.
 */
export function checkHostConfig(hostConfig: Json, own: OwnModes, policy: HostPolicy): void {
  checkModes(hostConfig, own, policy);
  if (policy.privileged) return;
  if (hostConfig.Privileged === true) refuseOnHost("privileged containers are", "--allow-privileged");
  for (const name of texts(hostConfig.CapAdd)) {
    const plain = name.toUpperCase().replace(/^CAP_/, "");
    // In the processes of the host it would look at those.
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
    // A process that may run in real time keeps all others of the host from running.
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

/** Whether a kernel setting belongs to the container's own namespace. */
function isOwnSysctl(name: string, { NetworkMode, IpcMode }: Json): boolean {
  // Without slashes: runc makes a path of the name, and `net./../kernel.x` would leave the folder.
  if (/^net\.[\w.-]+$/.test(name)) return NetworkMode !== "host";
  if (/^(kernel\.(msgmax|msgmnb|msgmni|sem|shmall|shmmax|shmmni|shm_rmid_forced)|fs\.mqueue\.\w+)$/.test(name)) {
    return IpcMode !== "host";
  }
  return false;
}

const texts = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : []);
const objects = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.map((one) => Object(one)) : []);
