import type { ElasticNetworkInterface } from "../agent-protocol/to-agent/network-interface.ts";
import type { PayloadContainer } from "../agent-protocol/to-agent/payload-container.ts";

/** Which container of which task. */
export type ContainerName = { readonly taskArn: string; readonly container: string };

export type PortBinding = {
  readonly protocol: "tcp" | "udp";
  readonly containerPort: number;
  readonly hostPort: number;
  /** How many consecutive ports; more than one for a mapping by range. */
  readonly count: number;
};

/** What surrounds the containers of a task: its size, its namespaces, and what they share. Plain data that JSON can hold. */
export type TaskSurroundings = {
  readonly family: string;
  readonly version: string;
  /** The service that the task belongs to. */
  readonly serviceName: string | null;
  readonly launchType: string | null;
  readonly networkMode: string;
  readonly volumes: readonly unknown[];
  /** The task's own limits, beside those of its containers; null for none. 1024 CPU units are a core. */
  readonly cpuUnits: number | null;
  readonly memoryMiB: number | null;
  /** `host` or `task`; null: each container has its own. */
  readonly pidMode: string | null;
  /** `host`, `task` or `none`; null: each container has its own. */
  readonly ipcMode: string | null;
  /** The task's interface in network mode awsvpc. */
  readonly networkInterface: ElasticNetworkInterface | null;
  /** Device ids by container name. */
  readonly gpuIds: Readonly<Record<string, readonly string[]>>;
  /** Under which the agent serves the credentials of the task role and of the execution role; they are on no disk. */
  readonly credentialsId: string | null;
  readonly executionCredentialsId: string | null;
};

/** What the task engine wants for a task as a whole. */
export type TaskCommand =
  /**
   * Before the first container is made: network namespace, limits, volumes. Answered with `prepared` or `prepare-failed`. May be
   * given again after a restart of the agent.
   */
  | {
      readonly type: "prepare";
      readonly taskArn: string;
      readonly task: TaskSurroundings;
      readonly specs: readonly PayloadContainer[];
    }
  /** All containers have stopped: gives back what cannot be had twice (addresses). Not answered. */
  | { readonly type: "release"; readonly taskArn: string; readonly task: TaskSurroundings }
  /** The task is forgotten and its containers are removed: takes away everything else that was made for it. Not answered. */
  | { readonly type: "clean"; readonly taskArn: string; readonly task: TaskSurroundings };

/** What the task engine wants for one container. Each command but `remove` is answered with events, later. */
export type ContainerCommand = ContainerName &
  (
    | { readonly type: "pull"; readonly image: string; readonly spec: PayloadContainer }
    | {
        readonly type: "create";
        readonly spec: PayloadContainer;
        readonly bindings: readonly PortBinding[];
        readonly task: TaskSurroundings;
      }
    /** Of a created container; or again of one that has exited, by its restart policy. */
    | { readonly type: "start"; readonly runtimeId: string; readonly spec: PayloadContainer }
    /** SIGTERM, and SIGKILL after the time. */
    | { readonly type: "stop"; readonly runtimeId: string; readonly timeoutMs: number }
    /** After a restart of the agent: say how a container that ran goes on, or that it has exited. */
    | {
        readonly type: "watch";
        readonly runtimeId: string;
        readonly spec: PayloadContainer;
        readonly startedAt: number;
      }
    | { readonly type: "remove"; readonly runtimeId: string }
  );

export type RuntimeCommand = TaskCommand | ContainerCommand;

export type RuntimeHealth = "HEALTHY" | "UNHEALTHY" | "UNKNOWN";

/** Ports of the host that others have, as far as agents give them out, and where the search for a free one may begin. */
export type HostPortUse = { readonly tcp: readonly number[]; readonly udp: readonly number[]; readonly from: number };

/** What happened to a task as a whole. */
export type TaskEvent =
  | { readonly type: "prepared"; readonly taskArn: string; readonly hostPorts?: HostPortUse }
  /** `reason` becomes the reason of the task. */
  | { readonly type: "prepare-failed"; readonly taskArn: string; readonly reason: string };

/** What happened to a container. Reasons are in the agent's form, `ErrorName: text`. */
export type ContainerEvent = ContainerName &
  /**
   * The image is on the host. `imageDigest` when a registry gave it or the reference names it; `reason` when the registry
   * could not be asked and an older copy is used.
   */
  (
    | { readonly type: "pulled"; readonly imageDigest: string | null; readonly reason?: string }
    | { readonly type: "pull-failed"; readonly reason: string }
    | { readonly type: "created"; readonly runtimeId: string }
    | { readonly type: "create-failed"; readonly reason: string }
    | { readonly type: "started"; readonly at: number }
    | { readonly type: "start-failed"; readonly reason: string }
    /**
     * Of a container that was told to start or to be watched by this process. `exitCode` is null when nobody knows it (the
     * container is gone); `at` is when it was, the same however often it is told, and earlier than the next start.
     */
    | { readonly type: "exited"; readonly exitCode: number | null; readonly reason: string | null; readonly at: number }
    | { readonly type: "health"; readonly status: RuntimeHealth }
  );

export type RuntimeEvent = TaskEvent | ContainerEvent;

/** What one running container used lately, for the telemetry; the parts that the runtime cannot tell are null. */
export type ContainerUsage = ContainerName & {
  /** Samples since the last time it was asked: percent of the whole host (all cores are 100), and MiB. */
  readonly cpuPercent: readonly number[];
  readonly memoryMiB: readonly number[];
  /** Counters since the container's start. */
  readonly network: {
    readonly rxBytes: number;
    readonly rxPackets: number;
    readonly rxErrors: number;
    readonly rxDropped: number;
    readonly txBytes: number;
    readonly txPackets: number;
    readonly txErrors: number;
    readonly txDropped: number;
  } | null;
  readonly storage: { readonly readBytes: number; readonly writeBytes: number } | null;
};

/** The seam to whatever runs containers. */
export interface ContainerRuntime {
  /** As `DockerVersion: 25.0.8`. */
  readonly version: string;
  /** Never throws; what goes wrong arrives as an event, in a later turn. */
  run(command: RuntimeCommand): void;
  onEvent(listener: (event: RuntimeEvent) => void): void;
  /** How the runtime itself is; the agent asks at each heartbeat. */
  check(): Promise<"OK" | "IMPAIRED">;
  /** `listener` is called when `check` would answer differently; a runtime that cannot know never calls it. */
  onCheckChanged(listener: () => void): void;
  /** What the running containers used since it was last asked; empty for a runtime that does not measure. */
  usage(): readonly ContainerUsage[];
  /** Ends what the agent's process holds; containers of a real runtime run on. */
  close(): void;
}
