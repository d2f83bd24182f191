import type { PayloadContainer } from "../../agent-protocol/to-agent/payload-container.ts";
import type { PortBinding, RuntimeHealth, TaskSurroundings } from "../container-runtime.ts";
import type { TaskNeeds } from "./engine-resources.ts";

/** The phases of a container. They only move forward, except `restarting`. */
export const containerPhases = [
  "waiting",
  "pulling",
  "pulled",
  "creating",
  "starting",
  "running",
  /** It has exited and its restart policy is starting it again. It becomes running again. */
  "restarting",
  "stopped",
] as const;
export type ContainerPhase = (typeof containerPhases)[number];

/** The statuses that an agent reports. */
export type ReportedStatus = "PENDING" | "RUNNING" | "STOPPED";

export type EngineContainer = {
  readonly spec: PayloadContainer;
  phase: ContainerPhase;
  runtimeId: string | null;
  imageDigest: string | null;
  /** When its creation was ordered. Dependency timeouts count from here. */
  launchedAt: number | null;
  createdAt: number | null;
  /** The last start, if there were several. */
  startedAt: number | null;
  /** The last exit. A restarted container has one too. */
  exitedAt: number | null;
  exitCode: number | null;
  /** How often its restart policy started it again. */
  restartCount: number;
  reason: string | null;
  stopOrdered: boolean;
  health: RuntimeHealth;
  healthSince: number;
  bindings: readonly PortBinding[];
};

/** A change of a container as SubmitTaskStateChange carries it. */
export type ContainerChange = {
  readonly containerName: string;
  readonly status: ReportedStatus;
  readonly runtimeId?: string;
  readonly imageDigest?: string;
  readonly exitCode?: number;
  readonly reason?: string;
  readonly networkBindings?: readonly object[];
};

/** A request of SubmitTaskStateChange, without the cluster. Times are epoch milliseconds. */
export type StateChange = {
  readonly task: string;
  readonly status?: ReportedStatus;
  readonly reason?: string;
  readonly containers?: readonly ContainerChange[];
  readonly attachments?: readonly { readonly attachmentArn: string; readonly status: "ATTACHED" }[];
  readonly pullStartedAt?: number;
  readonly pullStoppedAt?: number;
  readonly executionStoppedAt?: number;
};

/**
 * How far the runtime is with the surroundings of the containers. `none`: not ordered; `preparing`: ordered, but not answered;
 * `failed`: impossible, and the task stops.
 */
export type Groundwork = "none" | "preparing" | "ready" | "failed";

export type EngineTask = {
  readonly arn: string;
  readonly surroundings: TaskSurroundings;
  /** What is booked for it on the host. Null if it is not accounted for. */
  readonly needs: TaskNeeds | null;
  /** False while it waits for room on the host. Nothing happens for it until then. */
  admitted: boolean;
  groundwork: Groundwork;
  /** The attachments of its network interfaces, confirmed once the groundwork is ready. */
  interfaces: string[];
  desired: "RUNNING" | "STOPPED";
  /** Why it stops, if no container gives the reason. */
  reason: string;
  /** Whether the digests of its images were reported, if there are any. */
  digestsReported: boolean;
  /** The last reported status. */
  known: ReportedStatus;
  /** Emptied once the task is STOPPED. */
  containers: EngineContainer[];
  /** What happened to containers since the last report. */
  changes: ContainerChange[];
  changesDueAt: number | null;
  pullStartedAt: number | null;
  pullStoppedAt: number | null;
  executionStoppedAt: number | null;
  /** Stopped containers that the runtime still keeps. */
  leftovers: { readonly container: string; readonly runtimeId: string }[];
};

/** A task whose last report was accepted. */
export type PastTask = {
  readonly arn: string;
  readonly forgetAt: number;
  readonly leftovers: readonly { readonly container: string; readonly runtimeId: string }[];
  /** Null if nothing was ever prepared for it. */
  readonly surroundings: TaskSurroundings | null;
};

/** What has changed in the lists of tasks. */
export type EngineChanges = {
  /** Tasks that are new or may have changed in place. */
  readonly written: ReadonlySet<EngineTask>;
  /** New past tasks. They never change. */
  readonly past: ReadonlySet<PastTask>;
  /** Tasks that have left both lists. */
  readonly gone: ReadonlySet<EngineTask | PastTask>;
};

/** Everything that the engine knows, as plain data that JSON can hold. */
export type EngineSnapshot = {
  readonly tasks: readonly EngineTask[];
  readonly past: readonly PastTask[];
  /** Forgotten in the last step. After a crash their leftovers may have to be removed again. */
  readonly removing: readonly PastTask[];
  /** The highest seqNum or timeline so far. An older manifest is ignored. */
  readonly sequence: number;
  /** The manifest whose stop candidates may be confirmed, once. */
  readonly manifestId: string | null;
  /** Where the search for a free host port resumes. */
  readonly portCursor: number;
  /** Recently confirmed interfaces, newest last. */
  readonly attached: readonly string[];
};
