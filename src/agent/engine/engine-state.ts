import type { PayloadContainer } from "../../agent-protocol/to-agent/payload-container.ts";
import type { PortBinding, RuntimeHealth, TaskSurroundings } from "../container-runtime.ts";
import type { TaskNeeds } from "./engine-resources.ts";

/** The way of a container: but for `restarting`, each phase only ever gives way to a later one. */
export const containerPhases = [
  "waiting",
  "pulling",
  "pulled",
  "creating",
  "starting",
  "running",
  /** It has exited and is being started again by its restart policy; then it is running once more. */
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
  /** When its creation was ordered; dependency timeouts count from here. */
  launchedAt: number | null;
  createdAt: number | null;
  /** Of the last start, when there were several. */
  startedAt: number | null;
  /** Of the last exit; a container that was started again has it too. */
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

/** A request of SubmitTaskStateChange, but for the cluster. Times are epoch milliseconds. */
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
 * How far the runtime is with what surrounds the containers. `none`: not asked for; `preparing`: asked for, and not answered;
 * `failed`: it cannot be had, and the task ends.
 */
export type Groundwork = "none" | "preparing" | "ready" | "failed";

export type EngineTask = {
  readonly arn: string;
  readonly surroundings: TaskSurroundings;
  /** What is booked for it on the host; null when it is not accounted for. */
  readonly needs: TaskNeeds | null;
  /** False while it waits for room on the host: nothing is done for it. */
  admitted: boolean;
  groundwork: Groundwork;
  /** The attachments of its network interfaces, confirmed once the groundwork is ready. */
  interfaces: string[];
  desired: "RUNNING" | "STOPPED";
  /** Why it ends, when it is for something that no container of it tells. */
  reason: string;
  /** The digests of its images were reported, if there are any. */
  digestsReported: boolean;
  /** What was reported last. */
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

/** A task whose last report was taken. */
export type PastTask = {
  readonly arn: string;
  readonly forgetAt: number;
  readonly leftovers: readonly { readonly container: string; readonly runtimeId: string }[];
  /** Null when nothing was ever prepared for it. */
  readonly surroundings: TaskSurroundings | null;
};

/** What has changed in the lists of tasks. */
export type EngineChanges = {
  /** Tasks that are new or may have changed in place. */
  readonly written: ReadonlySet<EngineTask>;
  /** Past tasks that are new; they never change. */
  readonly past: ReadonlySet<PastTask>;
  /** What is in neither list any more. */
  readonly gone: ReadonlySet<EngineTask | PastTask>;
};

/** Everything that the engine knows, as plain data that JSON can hold. */
export type EngineSnapshot = {
  readonly tasks: readonly EngineTask[];
  readonly past: readonly PastTask[];
  /** Forgotten by the last step: what is left of them may have to be taken away again after a crash. */
  readonly removing: readonly PastTask[];
  /** The highest seqNum or timeline that was seen; an older manifest is ignored. */
  readonly sequence: number;
  /** The manifest whose stop candidates may be confirmed, once. */
  readonly manifestId: string | null;
  /** Where the search for a free host port goes on. */
  readonly portCursor: number;
  /** Interfaces that were confirmed lately, the newest last. */
  readonly attached: readonly string[];
};
