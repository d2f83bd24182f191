import type { ContainerDefinition } from "../documents/task-definition.ts";
import { checkedText, checkOneOf, refuseDefinition } from "./definition-checks.ts";
import type { RequestContainer, RequestVolume } from "./task-definition-request.ts";

/**
 * Agents pass paths, names and addresses to Docker in strings with several parts (`SOURCE:PATH:OPTIONS`, `HOST:ADDRESS`, `NAME=VALUE`).
 * No part may contain a separator, or a container would get something that its definition does not show.
 * DIFFERS: RegisterTaskDefinition refuses relative paths, paths with `:`, environment variable names with `=`, and control characters in names and addresses; AWS leaves some of them to the agent.
 */
type Members = RequestContainer & {
  readonly workingDirectory?: string;
  readonly systemControls?: readonly { readonly namespace?: string }[];
  readonly dnsServers?: readonly string[];
  readonly dnsSearchDomains?: readonly string[];
  readonly extraHosts?: readonly { readonly hostname?: string; readonly ipAddress?: string }[];
  readonly linuxParameters?: {
    readonly devices?: readonly {
      readonly hostPath?: string;
      readonly containerPath?: string;
      readonly permissions?: readonly string[];
    }[];
    readonly tmpfs?: readonly { readonly containerPath?: string; readonly mountOptions?: readonly string[] }[];
  };
};

/** AWS: the mount options of a tmpfs, from the API reference; the last six take a value. */
const tmpfsFlags = [
  ...["defaults", "ro", "rw", "suid", "nosuid", "dev", "nodev", "exec", "noexec", "sync", "async", "dirsync"],
  ...["remount", "mand", "nomand", "atime", "noatime", "diratime", "nodiratime", "relatime", "norelatime"],
  ...["strictatime", "nostrictatime", "bind", "rbind", "unbindable", "runbindable", "private", "rprivate"],
  ...["shared", "rshared", "slave", "rslave", "mode", "uid", "gid", "nr_inodes", "nr_blocks", "mpol"],
];

// biome-ignore lint/suspicious/noControlCharactersInRegex: we look for them.
const controlCharacter = /[\x00-\x1f\x7f]/;

/** Refuses paths, names and addresses that the host would misread. */
export function checkHostAccess(
  containers: readonly ContainerDefinition[],
  volumes: readonly RequestVolume[],
  isWindows: boolean,
): void {
  const path = (value: string | undefined, what: string): void => checkPath(value, what, isWindows);
  for (const { host, efsVolumeConfiguration: efs } of volumes) {
    // AWS: an empty path means no path, and Docker creates an empty volume.
    if (host?.sourcePath) path(host.sourcePath, "Volume.host.sourcePath");
    checkPlain(efs?.fileSystemId, /^[\w-]+$/, "Volume.efsVolumeConfiguration.fileSystemId");
    checkPlain(efs?.rootDirectory, /^[^,:]*$/, "Volume.efsVolumeConfiguration.rootDirectory");
    const { accessPointId } = efs?.authorizationConfig ?? {};
    checkPlain(accessPointId, /^[\w-]+$/, "Volume.efsVolumeConfiguration.authorizationConfig.accessPointId");
  }
  for (const container of containers as readonly Members[]) {
    for (const { containerPath } of container.mountPoints ?? [])
      path(containerPath, "Container.mountPoints.containerPath");
    checkLinux(container.linuxParameters ?? {}, path);
    checkNames(container);
    checkVariables(container);
  }
}

function checkLinux(
  { devices = [], tmpfs = [] }: NonNullable<Members["linuxParameters"]>,
  path: (value: string | undefined, what: string) => void,
): void {
  for (const { hostPath, containerPath, permissions = [] } of devices) {
    path(hostPath, "Container.linuxParameters.devices.hostPath");
    if (containerPath) path(containerPath, "Container.linuxParameters.devices.containerPath");
    for (const permission of permissions) {
      checkOneOf(permission, ["read", "write", "mknod"], "Container.linuxParameters.devices.permissions");
    }
  }
  for (const { containerPath, mountOptions = [] } of tmpfs) {
    path(containerPath, "Container.linuxParameters.tmpfs.containerPath");
    for (const option of mountOptions) {
      const [flag = "", value] = option.split("=", 2);
      checkOneOf(flag, tmpfsFlags, "Container.linuxParameters.tmpfs.mountOptions");
      checkPlain(value, /^[\w:%-]*$/, "Container.linuxParameters.tmpfs.mountOptions");
    }
  }
}

function checkNames(container: Members): void {
  checkPlain(container.hostname, /^\S*$/, "Container.hostname");
  checkPlain(container.user, /^\S*$/, "Container.user");
  checkPlain(container.workingDirectory, /^/, "Container.workingDirectory");
  for (const link of container.links ?? []) checkPlain(link, /^[\w.:-]+$/, "Container.links");
  for (const server of container.dnsServers ?? []) checkPlain(server, /^[\w.:%-]+$/, "Container.dnsServers");
  for (const domain of container.dnsSearchDomains ?? []) checkPlain(domain, /^\S+$/, "Container.dnsSearchDomains");
  for (const { hostname, ipAddress } of container.extraHosts ?? []) {
    checkedText(hostname, "Container.extraHosts.hostname");
    checkedText(ipAddress, "Container.extraHosts.ipAddress");
    checkPlain(hostname, /^[^\s:=]+$/, "Container.extraHosts.hostname");
    checkPlain(ipAddress, /^[^\s=]+$/, "Container.extraHosts.ipAddress");
  }
  for (const option of container.dockerSecurityOptions ?? []) {
    checkPlain(option, /^\S+$/, "Container.dockerSecurityOptions");
  }
  for (const { namespace } of container.systemControls ?? []) {
    checkPlain(namespace, /^[\w.-]+$/, "Container.systemControls.namespace");
  }
  for (const name of Object.keys(container.dockerLabels ?? {})) {
    checkedText(name, "Container.dockerLabels key");
    checkPlain(name, /^.+$/, "Container.dockerLabels");
  }
}

function checkVariables({ environment = [], secrets = [] }: Members): void {
  for (const { name, value } of environment) {
    checkVariable("Container.environment", name, value, refuseDefinition);
  }
  for (const { name } of secrets) checkVariable("Container.secrets", name, undefined, refuseDefinition);
}

/**
 * Calls `refuse` for an environment variable whose name would be read as another variable in the container. `what` is its path in the
 * request.
 */
export function checkVariable(
  what: string,
  name: string | undefined,
  value: string | undefined,
  refuse: (message: string) => never,
): void {
  if (name !== undefined && /[=\0]/.test(name)) refuse(`${what}.name must not contain '=' or NUL.`);
  if (value?.includes("\0")) refuse(`${what}.value must not contain NUL.`);
}

function checkPath(value: string | undefined, what: string, isWindows: boolean): void {
  const isAbsolute = isWindows
    ? /^([A-Za-z]:)?[\\/][^:]*$|^\\\\[.?]\\pipe\\[^:]+$/.test(value ?? "")
    : /^\/[^:]*$/.test(value ?? "");
  if (!isAbsolute) refuseDefinition(`${what} must be an absolute path without ':'.`);
  checkPlain(value, /^/, what);
}

/** Refuses a given text that doesn't match `form` or contains control characters. */
function checkPlain(value: string | undefined, form: RegExp, what: string): void {
  if (value === undefined || value === "") return;
  if (controlCharacter.test(value) || !form.test(value)) refuseDefinition(`${what} contains invalid characters.`);
}
