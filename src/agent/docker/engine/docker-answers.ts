/** The parts of engines' answers that we use. Any may be missing: engines differ by version and maker. */

export type DockerInfo = {
  readonly NCPU?: number;
  readonly MemTotal?: number;
  readonly Driver?: string;
  readonly CgroupDriver?: string;
  readonly CgroupVersion?: string;
  readonly ServerVersion?: string;
  readonly OperatingSystem?: string;
  readonly OSType?: string;
  readonly Architecture?: string;
  readonly DockerRootDir?: string;
  readonly LiveRestoreEnabled?: boolean;
  readonly Runtimes?: Readonly<Record<string, unknown>>;
  readonly Plugins?: { readonly Volume?: readonly string[] | null; readonly Log?: readonly string[] | null };
  readonly SecurityOptions?: readonly string[] | null;
};

export type DockerVersion = {
  readonly Version?: string;
  readonly ApiVersion?: string;
  readonly MinAPIVersion?: string;
  readonly KernelVersion?: string;
  readonly Os?: string;
  readonly Arch?: string;
};

export type DockerHealthStatus = "none" | "starting" | "healthy" | "unhealthy";

export type DockerContainerState = {
  /** created, running, paused, restarting, removing, exited or dead. */
  readonly Status?: string;
  readonly Running?: boolean;
  readonly OOMKilled?: boolean;
  readonly Pid?: number;
  readonly ExitCode?: number;
  readonly Error?: string;
  readonly StartedAt?: string;
  readonly FinishedAt?: string;
  readonly Health?: { readonly Status?: string } | null;
};

export type DockerEndpoint = { readonly IPAddress?: string; readonly Gateway?: string; readonly MacAddress?: string };

export type DockerContainer = {
  readonly Id: string;
  readonly Name?: string;
  readonly Created?: string;
  readonly Image?: string;
  readonly RestartCount?: number;
  readonly State?: DockerContainerState;
  readonly Config?: {
    readonly Image?: string;
    readonly Hostname?: string;
    readonly Labels?: Readonly<Record<string, string>> | null;
    readonly Env?: readonly string[] | null;
    readonly Healthcheck?: unknown;
  };
  readonly HostConfig?: Readonly<Record<string, unknown>>;
  readonly Mounts?: readonly {
    readonly Type?: string;
    readonly Name?: string;
    readonly Source?: string;
    readonly Destination?: string;
    readonly RW?: boolean;
  }[];
  readonly NetworkSettings?: {
    readonly IPAddress?: string;
    readonly Ports?: Readonly<
      Record<string, readonly { readonly HostIp?: string; readonly HostPort?: string }[] | null>
    > | null;
    readonly Networks?: Readonly<Record<string, DockerEndpoint>> | null;
  };
};

/** An entry of the list of containers. */
export type DockerListedContainer = {
  readonly Id: string;
  readonly Names?: readonly string[];
  readonly Image?: string;
  readonly State?: string;
  readonly Status?: string;
  readonly Labels?: Readonly<Record<string, string>> | null;
  /** Epoch seconds. */
  readonly Created?: number;
};

export type DockerImage = {
  readonly Id: string;
  readonly RepoTags?: readonly string[] | null;
  readonly RepoDigests?: readonly string[] | null;
  readonly Size?: number;
  readonly Config?: {
    readonly Healthcheck?: unknown;
    readonly ExposedPorts?: Readonly<Record<string, unknown>> | null;
    readonly Volumes?: Readonly<Record<string, unknown>> | null;
  } | null;
};

/** What the registry says about a reference, without a pull. */
export type DockerDistribution = { readonly Descriptor?: { readonly digest?: string; readonly mediaType?: string } };

export type DockerEvent = {
  /** container, image, network, volume and others. */
  readonly Type?: string;
  readonly Action?: string;
  readonly Actor?: { readonly ID?: string; readonly Attributes?: Readonly<Record<string, string>> | null };
  /** Epoch seconds. */
  readonly time?: number;
  readonly timeNano?: number;
};

export type DockerProgress = {
  readonly id?: string;
  readonly status?: string;
  readonly stream?: string;
  readonly progress?: string;
  readonly error?: string;
  readonly errorDetail?: { readonly code?: number; readonly message?: string };
  readonly aux?: unknown;
};

type CpuStats = {
  readonly cpu_usage?: { readonly total_usage?: number; readonly percpu_usage?: readonly number[] | null };
  readonly system_cpu_usage?: number;
  readonly online_cpus?: number;
};

export type DockerStats = {
  readonly read?: string;
  readonly cpu_stats?: CpuStats;
  readonly precpu_stats?: CpuStats;
  readonly memory_stats?: {
    readonly usage?: number;
    readonly limit?: number;
    readonly stats?: Readonly<Record<string, number>> | null;
  };
  readonly blkio_stats?: {
    readonly io_service_bytes_recursive?: readonly { readonly op?: string; readonly value?: number }[] | null;
  };
  readonly networks?: Readonly<Record<string, Readonly<Record<string, number>>>> | null;
};

export type DockerVolume = {
  readonly Name: string;
  readonly Driver?: string;
  readonly Mountpoint?: string;
  readonly Labels?: Readonly<Record<string, string>> | null;
  readonly Options?: Readonly<Record<string, string>> | null;
};

export type DockerNetwork = {
  readonly Id: string;
  readonly Name?: string;
  readonly Driver?: string;
  readonly Labels?: Readonly<Record<string, string>> | null;
  readonly Options?: Readonly<Record<string, string>> | null;
  readonly IPAM?: {
    readonly Config?: readonly { readonly Subnet?: string; readonly Gateway?: string }[] | null;
  };
  readonly Containers?: Readonly<
    Record<string, { readonly Name?: string; readonly IPv4Address?: string; readonly MacAddress?: string }>
  > | null;
};
