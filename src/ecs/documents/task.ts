import type { Timeline } from "../timeline.ts";
import type { Attribute } from "./attribute.ts";
import { attributesShape } from "./attribute.ts";
import type { Attachment } from "./container-instance.ts";
import { attachmentsShape } from "./container-instance.ts";
import type { DocumentKind } from "./document-kind.ts";
import { orNull } from "./document-shape.ts";
import type { PlacementRequest } from "./placement-request.ts";
import { constraintsShape, strategiesShape } from "./placement-request.ts";
import type { Tag } from "./tag.ts";
import { tagsShape } from "./tag.ts";

/** AWS: every lastStatus of a task, in order; a task never goes back. */
export const taskStatuses = [
  "PROVISIONING",
  "PENDING",
  "ACTIVATING",
  "RUNNING",
  "DEACTIVATING",
  "STOPPING",
  "DEPROVISIONING",
  "STOPPED",
  "DELETED",
] as const;
export type TaskStatus = (typeof taskStatuses)[number];

/** AWS: why a task stopped. */
export const stopCodes = [
  "TaskFailedToStart",
  "EssentialContainerExited",
  "UserInitiated",
  "ServiceSchedulerInitiated",
  "SpotInterruption",
  "TerminationNotice",
  "InfrastructureHealth",
] as const;
export type StopCode = (typeof stopCodes)[number];

export type TaskLaunchType = "EC2" | "FARGATE" | "EXTERNAL";
export type HealthStatus = "HEALTHY" | "UNHEALTHY" | "UNKNOWN";

export type NetworkBinding = {
  readonly bindIP: string | null;
  readonly containerPort: number | null;
  readonly hostPort: number | null;
  readonly containerPortRange: string | null;
  readonly hostPortRange: string | null;
  readonly protocol: "tcp" | "udp";
};

export type Container = {
  readonly arn: string;
  readonly name: string;
  readonly image: string;
  readonly essential: boolean;
  /** PROVISIONING until its ENI exists, then PENDING, RUNNING, STOPPED. */
  readonly lastStatus: "PROVISIONING" | "PENDING" | "RUNNING" | "STOPPED";
  readonly imageDigest: string | null;
  readonly runtimeId: string | null;
  readonly exitCode: number | null;
  readonly reason: string | null;
  readonly networkBindings: readonly NetworkBinding[];
  readonly networkInterfaces: readonly {
    readonly attachmentId: string;
    readonly privateIpv4Address: string | null;
  }[];
  /** Null if the container has no health check. */
  readonly healthStatus: HealthStatus | null;
  readonly cpu: number;
  readonly memoryMiB: number | null;
  readonly memoryReservationMiB: number | null;
  readonly gpuIds: readonly string[];
};

/** What a task occupies on its container instance, from placement until it is STOPPED. */
export type Reservation = {
  readonly cpu: number;
  readonly memoryMiB: number;
  readonly tcpPorts: readonly number[];
  readonly udpPorts: readonly number[];
  readonly gpuIds: readonly string[];
  /** Amounts of users' own resources. */
  readonly resources: readonly { readonly name: string; readonly value: number }[];
};

export type ContainerOverride = {
  readonly name: string;
  readonly command?: readonly string[];
  readonly environment?: readonly { readonly name: string; readonly value: string }[];
  readonly environmentFiles?: readonly { readonly value: string; readonly type: string }[];
  readonly cpu?: number;
  readonly memory?: number;
  readonly memoryReservation?: number;
  readonly resourceRequirements?: readonly { readonly type: string; readonly value: string }[];
};

export type TaskOverride = {
  readonly containerOverrides: readonly ContainerOverride[];
  readonly cpu?: string;
  readonly memory?: string;
  readonly taskRoleArn?: string;
  readonly executionRoleArn?: string;
  /** On Fargate. */
  readonly ephemeralStorage?: { readonly sizeInGiB: number };
};

/** The document of a task (kind `task`, key: its id). */
export type Task = {
  /** 32 hex digits. */
  readonly id: string;
  readonly arn: string;
  readonly taskDefinitionArn: string;
  readonly family: string;
  /** The id of its container instance or, on Fargate, of its managed host; null before placement. */
  readonly instanceId: string | null;
  readonly availabilityZone: string | null;
  readonly launchType: TaskLaunchType;
  /** The provider that its strategy chose; null if a launch type was requested. */
  readonly capacityProviderName: string | null;
  /** Null except on Fargate. */
  readonly platformVersion: string | null;
  readonly lastStatus: TaskStatus;
  readonly desiredStatus: "RUNNING" | "STOPPED";
  /** Equals the `version` of the newest event about this task. */
  readonly version: number;
  readonly containers: readonly Container[];
  readonly attachments: readonly Attachment[];
  readonly attributes: readonly Attribute[];
  /** The task size as text, from the task definition or override; null if there is none. */
  readonly cpu: string | null;
  readonly memory: string | null;
  readonly reservation: Reservation;
  readonly overrides: TaskOverride;
  readonly group: string;
  readonly startedBy: string | null;
  readonly tags: readonly Tag[];
  readonly enableExecuteCommand: boolean;
  readonly ephemeralStorageGiB: number | null;
  readonly healthStatus: HealthStatus;
  readonly connectivity: "CONNECTED" | "DISCONNECTED" | null;
  readonly connectivityAt: number | null;
  /** When lastStatus last changed; timers of the provisioning states depend on it. */
  readonly statusSince: number;
  readonly createdAt: number;
  readonly pullStartedAt: number | null;
  readonly pullStoppedAt: number | null;
  readonly startedAt: number | null;
  readonly stoppingAt: number | null;
  readonly executionStoppedAt: number | null;
  readonly stoppedAt: number | null;
  readonly stopCode: StopCode | null;
  readonly stoppedReason: string | null;
  /** What placement looks for while the task waits for its provider's capacity; null otherwise. */
  readonly waitingFor: PlacementRequest | null;
  /** Scale-in protection; null when off. */
  readonly protectedUntil: number | null;
};

/** True while the task holds its resources. */
export const holdsResources = (task: Task): boolean => task.lastStatus !== "STOPPED" && task.lastStatus !== "DELETED";

/** True from when its network interface is on its way to the host until the agent confirms it. */
export const waitsForInterface = ({ attachments }: Task): boolean =>
  attachments.some(({ status }) => status === "ATTACHING");

/** When a task is due, or null. It follows from the document, so a restart forgets no timer. */
function taskDueAt(task: Task, timeline: Timeline): number | null {
  const status = taskStatusDueAt(task, timeline);
  if (task.protectedUntil === null) return status;
  return status === null ? task.protectedUntil : Math.min(status, task.protectedUntil);
}

/** When its status is due to move: through the network, a wait for capacity that took too long, or the end of retention. */
export function taskStatusDueAt(task: Task, timeline: Timeline): number | null {
  switch (task.lastStatus) {
    case "PROVISIONING":
      return (
        task.statusSince + (task.waitingFor === null ? timeline.networkInterfaceMs : timeline.provisioningTimeoutMs)
      );
    case "DEACTIVATING":
    case "DEPROVISIONING":
      return task.statusSince + timeline.networkInterfaceMs;
    case "PENDING":
    case "ACTIVATING":
      return task.desiredStatus === "RUNNING" ? task.statusSince + startingMs(task, timeline) : null;
    case "STOPPED":
      return (task.stoppedAt ?? task.statusSince) + timeline.stoppedTaskRetentionMs;
    default:
      return null;
  }
}

/** How long a task may stay in its status on the way to RUNNING. Its ENI, which comes first, has less time. */
const startingMs = ({ lastStatus, attachments }: Task, timeline: Timeline): number =>
  lastStatus === "PENDING" && attachments.length > 0 ? timeline.attachmentTimeoutMs : timeline.startTimeoutMs;

/**
 * Tasks stored before Fargate lack a capacity provider and a platform version. Those stored before the scheduler reserve no user resources
 * and wait for nothing.
 */
function upgraded(document: object): Task {
  const task = { capacityProviderName: null, platformVersion: null, waitingFor: null, ...document } as Task;
  const { resources } = (task.reservation ?? {}) as Partial<Task["reservation"]>;
  return resources === undefined ? { ...task, reservation: { ...task.reservation, resources: [] } } : task;
}

export const taskKind: DocumentKind<Task> = {
  name: "task",
  keyMember: "id",
  version: 1,
  shape: {
    id: "string",
    arn: "string",
    taskDefinitionArn: "string",
    family: "string",
    instanceId: "string?",
    launchType: new Set(["EC2", "FARGATE", "EXTERNAL"]),
    capacityProviderName: "string?",
    lastStatus: new Set(taskStatuses),
    desiredStatus: new Set(["RUNNING", "STOPPED"]),
    version: "number",
    containers: [
      {
        arn: "string",
        name: "string",
        image: "string",
        essential: "boolean",
        lastStatus: new Set(["PROVISIONING", "PENDING", "RUNNING", "STOPPED"]),
        exitCode: "number?",
        networkBindings: [{ hostPort: "number?", hostPortRange: "string?", protocol: "string" }],
        networkInterfaces: ["object"],
        healthStatus: "string?",
        gpuIds: ["string"],
      },
    ],
    attachments: attachmentsShape,
    attributes: attributesShape,
    reservation: {
      cpu: "number",
      memoryMiB: "number",
      tcpPorts: ["number"],
      udpPorts: ["number"],
      gpuIds: ["string"],
      resources: [{ name: "string", value: "number" }],
    },
    overrides: { containerOverrides: [{ name: "string" }] },
    group: "string",
    startedBy: "string?",
    tags: tagsShape,
    healthStatus: "string",
    statusSince: "number",
    createdAt: "number",
    startedAt: "number?",
    stoppingAt: "number?",
    stoppedAt: "number?",
    stopCode: "string?",
    waitingFor: orNull({ need: "object", group: "string", constraints: constraintsShape, strategies: strategiesShape }),
    protectedUntil: "number?",
  },
  upgrade: upgraded,
  dueAt: taskDueAt,
};
