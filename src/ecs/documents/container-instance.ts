import type { Attribute } from "./attribute.ts";
import type { Resource } from "./resource.ts";
import type { Tag } from "./tag.ts";

/** AWS: every status of a container instance; INACTIVE is terminal. */
export const containerInstanceStatuses = [
  "REGISTERING",
  "REGISTRATION_FAILED",
  "ACTIVE",
  "DRAINING",
  "DEREGISTERING",
  "INACTIVE",
] as const;
export type ContainerInstanceStatus = (typeof containerInstanceStatuses)[number];

/** AWS: the stages of UpdateContainerAgent. */
export const agentUpdateStatuses = ["PENDING", "STAGING", "STAGED", "UPDATING", "UPDATED", "FAILED"] as const;
export type AgentUpdateStatus = (typeof agentUpdateStatuses)[number];

/** AWS: the statuses of an attachment (an ENI of an instance or a task). */
export const attachmentStatuses = [
  "PRECREATED",
  "CREATED",
  "ATTACHING",
  "ATTACHED",
  "DETACHING",
  "DETACHED",
  "DELETED",
  "FAILED",
] as const;
export type AttachmentStatus = (typeof attachmentStatuses)[number];

export type Attachment = {
  /** A UUID with dashes; the last part of the ARN that the agent acknowledges. */
  readonly id: string;
  readonly type: "ElasticNetworkInterface";
  readonly status: AttachmentStatus;
  readonly details: readonly { readonly name: string; readonly value: string }[];
};

export type VersionInfo = {
  readonly agentVersion: string | null;
  readonly agentHash: string | null;
  readonly dockerVersion: string | null;
};

/** The update of the agent that was asked for last. */
export type AgentUpdate = {
  readonly status: AgentUpdateStatus;
  readonly targetVersion: string;
  readonly requestedAt: number;
  readonly reason: string | null;
};

export type GpuDevice = { readonly id: string; readonly type: "GPU" | "NEURON_DEVICE" };

/** The document of a container instance (kind `container-instance`, key: its id). */
export type ContainerInstance = {
  /** 32 hex digits. */
  readonly id: string;
  readonly arn: string;
  readonly ec2InstanceId: string | null;
  /** From the identity document; a re-registration may not change it. */
  readonly instanceType: string | null;
  readonly availabilityZone: string | null;
  readonly external: boolean;
  readonly status: ContainerInstanceStatus;
  readonly statusReason: string | null;
  /** Equals the `version` of the newest event about this instance. */
  readonly version: number;
  readonly agentConnected: boolean;
  /** Since when no agent is connected; null while one is, and where a version without this member saw it go. Not shown. */
  readonly disconnectedAt: number | null;
  readonly versionInfo: VersionInfo | null;
  readonly agentUpdate: AgentUpdate | null;
  readonly registeredAt: number;
  readonly deregisteredAt: number | null;
  /** When the status last changed; timers of REGISTERING and DEREGISTERING follow from it. */
  readonly statusSince: number;
  readonly registeredResources: readonly Resource[];
  readonly platformDevices: readonly GpuDevice[];
  /** Set by the agent or by the control plane at (re-)registration. */
  readonly platformAttributes: readonly Attribute[];
  /** Set by users: at first registration or with PutAttributes. They survive a re-registration. */
  readonly customAttributes: readonly Attribute[];
  readonly attachments: readonly Attachment[];
  readonly tags: readonly Tag[];
  readonly capacityProviderName: string | null;
  /** Who registered it (`registrantOf`); null when a version without this member did. Not shown. */
  readonly registeredBy: string | null;
};

/** AWS: the checks that make up a container instance's health. */
export const healthTypes = ["CONTAINER_RUNTIME", "ACCELERATED_COMPUTE", "DAEMON", "AGENT_CONNECTIVITY"] as const;
export const healthStates = ["OK", "INITIALIZING", "INSUFFICIENT_DATA", "IMPAIRED"] as const;
export type HealthState = (typeof healthStates)[number];

/** The health of a container instance (kind `instance-health`, key: the instance's id); apart, since reports are frequent. */
export type InstanceHealth = {
  readonly instanceId: string;
  readonly checks: readonly {
    readonly type: (typeof healthTypes)[number];
    readonly status: HealthState;
    readonly statusReason: string | null;
    /** When the agent says it looked, at most the time of arrival. */
    readonly lastUpdated: number;
    readonly lastStatusChange: number;
    /** When the report arrived, by the control plane's clock: silence is measured from here. */
    readonly receivedAt: number;
  }[];
};
