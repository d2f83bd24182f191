import type { ContainerDefinition } from "../../ecs/documents/task-definition.ts";
import { type LogConfiguration, logConfig } from "./log-config.ts";

/** AWS: the health check's defaults, in seconds. */
const healthCheckDefaults = { interval: 30, timeout: 5, retries: 3, startPeriod: 0 };

type LinuxParameters = {
  readonly capabilities?: { readonly add?: readonly string[]; readonly drop?: readonly string[] };
  readonly devices?: readonly { hostPath?: string; containerPath?: string; permissions?: readonly string[] }[];
  readonly initProcessEnabled?: boolean;
  readonly sharedMemorySize?: number;
  readonly tmpfs?: readonly { containerPath: string; size: number; mountOptions?: readonly string[] }[];
  readonly maxSwap?: number;
  readonly swappiness?: number;
};

/** The members of a container definition that reach Docker through `dockerConfig`, in the API shape of ECS. */
type DockerMembers = {
  readonly user?: string;
  readonly workingDirectory?: string;
  readonly hostname?: string;
  readonly dockerLabels?: Readonly<Record<string, string>>;
  readonly interactive?: boolean;
  readonly pseudoTerminal?: boolean;
  readonly disableNetworking?: boolean;
  readonly readonlyRootFilesystem?: boolean;
  readonly dnsServers?: readonly string[];
  readonly dnsSearchDomains?: readonly string[];
  readonly dockerSecurityOptions?: readonly string[];
  readonly extraHosts?: readonly { hostname: string; ipAddress: string }[];
  readonly ulimits?: readonly { name: string; softLimit: number; hardLimit: number }[];
  readonly systemControls?: readonly { namespace?: string; value?: string }[];
  readonly logConfiguration?: LogConfiguration;
  readonly linuxParameters?: LinuxParameters;
};

/** What a container's Docker settings depend on besides its definition. */
type Around = { readonly taskId: string; readonly networkMode: string | null; readonly taskMemoryMiB: number | null };

/** The `dockerConfig` of a container: two JSON texts in the form of the Docker Engine API. */
export function dockerConfig(
  container: ContainerDefinition,
  around: Around,
): { readonly version: string; readonly config: string; readonly hostConfig: string } {
  return {
    version: "1.21",
    config: JSON.stringify(containerConfig(container)),
    hostConfig: JSON.stringify(hostConfig(container, around)),
  };
}

function containerConfig(container: ContainerDefinition): object {
  const members = container as DockerMembers;
  return {
    ...present("User", members.user),
    ...present("WorkingDir", members.workingDirectory),
    ...present("Hostname", members.hostname),
    ...present("Labels", members.dockerLabels),
    ...present("OpenStdin", members.interactive),
    ...present("Tty", members.pseudoTerminal),
    ...present("NetworkDisabled", members.disableNetworking),
    ...present("Healthcheck", container.healthCheck === undefined ? undefined : healthcheck(container.healthCheck)),
  };
}

function healthcheck(check: NonNullable<ContainerDefinition["healthCheck"]>): object {
  const nanoseconds = (seconds: number): number => seconds * 1_000_000_000;
  const settings = { ...healthCheckDefaults, ...check };
  return {
    Test: check.command,
    Interval: nanoseconds(settings.interval),
    Timeout: nanoseconds(settings.timeout),
    StartPeriod: nanoseconds(settings.startPeriod),
    Retries: settings.retries,
  };
}

function hostConfig(container: ContainerDefinition, { taskId, networkMode, taskMemoryMiB }: Around): object {
  const members = container as DockerMembers;
  const linux = members.linuxParameters ?? {};
  const log = members.logConfiguration;
  return {
    NetworkMode: networkMode === "awsvpc" ? "none" : (networkMode ?? "bridge"),
    CapAdd: linux.capabilities?.add ?? [],
    CapDrop: linux.capabilities?.drop ?? [],
    ...present("Privileged", container.privileged),
    ...present("ReadonlyRootfs", members.readonlyRootFilesystem),
    ...present("Dns", members.dnsServers),
    ...present("DnsSearch", members.dnsSearchDomains),
    ...present("SecurityOpt", members.dockerSecurityOptions),
    ...present(
      "ExtraHosts",
      members.extraHosts?.map((host) => `${host.hostname}:${host.ipAddress}`),
    ),
    ...present(
      "Ulimits",
      members.ulimits?.map(({ name, softLimit, hardLimit }) => ({ Name: name, Soft: softLimit, Hard: hardLimit })),
    ),
    ...present(
      "Sysctls",
      members.systemControls &&
        Object.fromEntries(members.systemControls.map((c) => [c.namespace ?? "", c.value ?? ""])),
    ),
    ...present("LogConfig", log && logConfig(log, { containerName: container.name, taskId })),
    ...present("MemoryReservation", mebibytes(container.memoryReservation)),
    ...linuxHostConfig(linux),
    ...swapSettings(linux, container.memory, taskMemoryMiB),
  };
}

/**
 * AWS: `maxSwap` is added to the memory, 0 means no swap, and without it `swappiness` has no effect. Docker needs a hard limit to
 * add it to; a container without one uses the task's.
 */
function swapSettings(
  { maxSwap, swappiness }: LinuxParameters,
  memoryMiB: number | undefined,
  taskMemoryMiB: number | null,
): object {
  if (maxSwap === undefined) return {};
  const limitMiB = memoryMiB ?? taskMemoryMiB ?? 0;
  return {
    ...(memoryMiB === undefined && limitMiB > 0 ? { Memory: mebibytes(limitMiB) } : {}),
    MemorySwap: mebibytes(limitMiB + maxSwap),
    ...present("MemorySwappiness", swappiness),
  };
}

function linuxHostConfig(linux: LinuxParameters): object {
  return {
    ...present("Init", linux.initProcessEnabled),
    ...present("ShmSize", mebibytes(linux.sharedMemorySize)),
    ...present(
      "Tmpfs",
      linux.tmpfs &&
        Object.fromEntries(
          linux.tmpfs.map((t) => [t.containerPath, [...(t.mountOptions ?? []), `size=${t.size}m`].join(",")]),
        ),
    ),
    ...present(
      "Devices",
      linux.devices?.map((device) => ({
        PathOnHost: device.hostPath ?? "",
        PathInContainer: device.containerPath ?? device.hostPath ?? "",
        CgroupPermissions: (device.permissions ?? ["read", "write", "mknod"]).map((word) => word.charAt(0)).join(""),
      })),
    ),
  };
}

const mebibytes = (count: number | undefined): number | undefined =>
  count === undefined ? undefined : count * 1_048_576;

const present = (name: string, value: unknown): object => (value === undefined ? {} : { [name]: value });
