import type { ElasticNetworkInterface } from "../agent-protocol/to-agent/network-interface.ts";
import type { PayloadContainer } from "../agent-protocol/to-agent/payload-container.ts";

/** Which container of which task. */
export type ContainerName = { readonly taskArn: string; readonly container: string };

export type PortBinding = {
  readonly protocol: "tcp" | "udp";
  readonly containerPort: number;
  readonly hostPort: number;
  /** How many consecutive ports. More than one for a port range mapping. */
  readonly count: number;
};

/** The context of a task's containers: its size, its namespaces and what they share. Plain data that can be stored as JSON. */
export type TaskSurroundings = {
  readonly family: string;
  readonly version: string;
  /** The service that the task belongs to. */
  readonly serviceName: string | null;
  readonly launchType: string | null;
  readonly networkMode: string;
  readonly volumes: readonly unknown[];
  /** The task's own limits, in addition to those of its containers. Null for none. 1024 CPU units are a core. */
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
  /** The id under which the agent serves the credentials of the task role and the execution role. Neither is on disk. */
  readonly credentialsId: string | null;
  readonly executionCredentialsId: string | null;
};

/** What the task engine orders for a task as a whole. */
export type TaskCommand =
  /**
   * Before the first container is created: network namespace, limits, volumes. The answer is `prepared` or `prepare-failed`. May
   * be repeated after an agent restart.
   */
  | {
      readonly type: "prepare";
      readonly taskArn: string;
      readonly task: TaskSurroundings;
      readonly specs: readonly PayloadContainer[];
      /** The names of the containers that do not exist yet. Only they need secrets and files. */
      readonly toCreate: readonly string[];
    }
  /** All containers have stopped: release what only one task can have (addresses). No answer. */
  | { readonly type: "release"; readonly taskArn: string; readonly task: TaskSurroundings }
  /** The task is forgotten and its containers are removed: delete everything else that was made for it. No answer. */
  | { readonly type: "clean"; readonly taskArn: string; readonly task: TaskSurroundings };

/** What the task engine orders for one container. Every command except `remove` is answered later with events. */
export type ContainerCommand = ContainerName &
  (
    | { readonly type: "pull"; readonly image: string; readonly spec: PayloadContainer }
    | {
        readonly type: "create";
        readonly spec: PayloadContainer;
        readonly bindings: readonly PortBinding[];
        readonly task: TaskSurroundings;
      }
    /** Starts a created container, or restarts one that has exited if its restart policy says so. */
    | { readonly type: "start"; readonly runtimeId: string; readonly spec: PayloadContainer }
    /** SIGTERM, then SIGKILL after the timeout. */
    | { readonly type: "stop"; readonly runtimeId: string; readonly timeoutMs: number }
    /** After an agent restart: report on a container that was running, or that it has exited. */
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

/** Host ports in the agents' range that are in use, and where the search for a free one may begin. */
export type HostPortUse = { readonly tcp: readonly number[]; readonly udp: readonly number[]; readonly from: number };

/** What happened to a task as a whole. */
export type TaskEvent =
  | { readonly type: "prepared"; readonly taskArn: string; readonly hostPorts?: HostPortUse }
  /** `reason` becomes the reason of the task. */
  | { readonly type: "prepare-failed"; readonly taskArn: string; readonly reason: string };

/** What happened to a container. Reasons have the agent's form, `ErrorName: text`. */
export type ContainerEvent = ContainerName &
  /**
   * The image is on the host. `imageDigest` is set if a registry gave it or the reference names it; `reason` if the registry
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
     * A container that this process was ordered to start or watch. `exitCode` is null if it is unknown (the container is gone).
     * `at` is the time of the exit: the same in every repetition, and before the next start.
     */
    | { readonly type: "exited"; readonly exitCode: number | null; readonly reason: string | null; readonly at: number }
    | { readonly type: "health"; readonly status: RuntimeHealth }
  );

export type RuntimeEvent = TaskEvent | ContainerEvent;

/** What one running container used lately, for telemetry. Parts that the runtime cannot measure are null. */
export type ContainerUsage = ContainerName & {
  /** Samples since the last call: percent of the whole host (all cores are 100), and MiB. */
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

/** The interface to whatever runs containers. */
export interface ContainerRuntime {
  /** As `DockerVersion: 25.0.8`. */
  readonly version: string;
  /** Never throws. Failures arrive as events, in a later turn. */
  run(command: RuntimeCommand): void;
  onEvent(listener: (event: RuntimeEvent) => void): void;
  /** The state of the runtime itself. The agent asks at each heartbeat. */
  check(): Promise<"OK" | "IMPAIRED">;
  /** Calls `listener` when `check` would return a different result. A runtime that cannot tell never calls it. */
  onCheckChanged(listener: () => void): void;
  /** What the running containers used since the last call. Empty for a runtime that does not measure. */
  usage(): readonly ContainerUsage[];
  /** Releases what the agent's process holds. A real runtime's containers keep running. */
  close(): void;
}
