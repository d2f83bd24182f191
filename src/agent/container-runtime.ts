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

/** What surrounds a container when it is made. */
export type TaskSurroundings = {
  readonly family: string;
  readonly version: string;
  readonly networkMode: string;
  readonly volumes: readonly unknown[];
};

/** What the task engine wants of the runtime. Each command but `remove` is answered with events, later. */
export type RuntimeCommand = ContainerName &
  (
    | { readonly type: "pull"; readonly image: string }
    | {
        readonly type: "create";
        readonly spec: PayloadContainer;
        readonly bindings: readonly PortBinding[];
        readonly task: TaskSurroundings;
      }
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

export type RuntimeHealth = "HEALTHY" | "UNHEALTHY" | "UNKNOWN";

/** What happened to a container. Reasons are in the agent's form, `ErrorName: text`. */
export type RuntimeEvent = ContainerName &
  (
    | { readonly type: "pulled"; readonly imageDigest: string | null }
    | { readonly type: "pull-failed"; readonly reason: string }
    | { readonly type: "created"; readonly runtimeId: string }
    | { readonly type: "create-failed"; readonly reason: string }
    | { readonly type: "started"; readonly at: number }
    | { readonly type: "start-failed"; readonly reason: string }
    /** `exitCode` is null when nobody knows it (the container is gone). */
    | { readonly type: "exited"; readonly exitCode: number | null; readonly reason: string | null; readonly at: number }
    | { readonly type: "health"; readonly status: RuntimeHealth }
  );

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
  /** Ends what the agent's process holds; containers of a real runtime run on. */
  close(): void;
}
