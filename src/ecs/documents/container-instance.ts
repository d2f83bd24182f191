import type { Timeline } from "../timeline.ts";
import type { Attribute } from "./attribute.ts";
import { attributesShape } from "./attribute.ts";
import type { DocumentKind } from "./document-kind.ts";
import type { Shape } from "./document-shape.ts";
import { orNull } from "./document-shape.ts";
import type { Resource } from "./resource.ts";
import type { Tag } from "./tag.ts";
import { tagsShape } from "./tag.ts";

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

/** The agent update that was requested last. */
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
  /** From the identity document. It can't change at re-registration. */
  readonly instanceType: string | null;
  readonly availabilityZone: string | null;
  readonly external: boolean;
  readonly status: ContainerInstanceStatus;
  readonly statusReason: string | null;
  /** Equals the `version` of the newest event about this instance. */
  readonly version: number;
  readonly agentConnected: boolean;
  /** When the agent disconnected; null while connected, and if a version without this member saw it disconnect. Not shown. */
  readonly disconnectedAt: number | null;
  readonly versionInfo: VersionInfo | null;
  readonly agentUpdate: AgentUpdate | null;
  readonly registeredAt: number;
  readonly deregisteredAt: number | null;
  /** When the status last changed; timers of REGISTERING and DEREGISTERING depend on it. */
  readonly statusSince: number;
  readonly registeredResources: readonly Resource[];
  readonly platformDevices: readonly GpuDevice[];
  /** Set by the agent or by the control plane at (re-)registration. */
  readonly platformAttributes: readonly Attribute[];
  /** Set by users, at first registration or with PutAttributes. A re-registration keeps them. */
  readonly customAttributes: readonly Attribute[];
  readonly attachments: readonly Attachment[];
  readonly tags: readonly Tag[];
  readonly capacityProviderName: string | null;
  /** Who registered it (`registrantOf`); null if a version without this member did. Not shown. */
  readonly registeredBy: string | null;
  /** The IPv4 address by which others reach the host; null if it isn't known. ECS doesn't show it, EC2 does. */
  readonly privateAddress: string | null;
};

/** AWS: the checks that make up a container instance's health. */
export const healthTypes = ["CONTAINER_RUNTIME", "ACCELERATED_COMPUTE", "DAEMON", "AGENT_CONNECTIVITY"] as const;
export const healthStates = ["OK", "INITIALIZING", "INSUFFICIENT_DATA", "IMPAIRED"] as const;
export type HealthState = (typeof healthStates)[number];

/**
 * The health of a container instance (kind `instance-health`, key: the instance's id). A document of its own because reports are frequent.
 */
export type InstanceHealth = {
  readonly instanceId: string;
  readonly checks: readonly {
    readonly type: (typeof healthTypes)[number];
    readonly status: HealthState;
    readonly statusReason: string | null;
    /** When the agent made the check, by its own clock, but at most the time of arrival. */
    readonly lastUpdated: number;
    readonly lastStatusChange: number;
    /** When the report arrived, by the control plane's clock: silence is measured from here. */
    readonly receivedAt: number;
  }[];
};

/*
 * When a container instance is due, from its document alone:
 *
 *   REGISTERING, trunk CREATED     statusSince + networkInterfaceMs            trunk ATTACHING
 *   REGISTERING, trunk ATTACHING   statusSince + 2 * networkInterfaceMs        trunk ATTACHED, ACTIVE
 *   DEREGISTERING                  statusSince + networkInterfaceMs            trunk DELETED, INACTIVE
 *   INACTIVE                       statusSince + inactiveInstanceRetentionMs   the document goes
 *   agent update PENDING, agent connected    at once                          STAGING, the agent gets the order
 */

/** When `instance` is next due (epoch milliseconds), or null. */
function instanceDueAt(instance: ContainerInstance, timeline: Timeline): number | null {
  switch (instance.status) {
    case "REGISTERING":
    case "DEREGISTERING":
      return trunkDueAt(instance, timeline);
    case "INACTIVE":
      return instance.statusSince + timeline.inactiveInstanceRetentionMs;
    case "ACTIVE":
    case "DRAINING":
      return updateWaits(instance) ? (instance.agentUpdate?.requestedAt ?? null) : null;
    case "REGISTRATION_FAILED":
      return null;
  }
}

/** When the network next finishes a step with the trunk of `instance`, or null. */
function trunkDueAt(instance: ContainerInstance, timeline: Timeline): number | null {
  if (instance.status === "DEREGISTERING") return instance.statusSince + timeline.networkInterfaceMs;
  if (instance.status !== "REGISTERING") return null;
  const steps = instance.attachments.some((attachment) => attachment.status === "CREATED") ? 1 : 2;
  return instance.statusSince + steps * timeline.networkInterfaceMs;
}

const updateWaits = (instance: ContainerInstance): boolean =>
  instance.agentConnected && instance.agentUpdate?.status === "PENDING";

/** Documents of older versions lack `disconnectedAt`, `registeredBy` or `privateAddress`. The next registration brings the address. */
function upgraded(document: object): ContainerInstance {
  const { disconnectedAt, registeredBy, privateAddress } = document as Partial<ContainerInstance>;
  if (disconnectedAt !== undefined && registeredBy !== undefined && privateAddress !== undefined) {
    return document as ContainerInstance;
  }
  return { disconnectedAt: null, registeredBy: null, privateAddress: null, ...document } as ContainerInstance;
}

export const attachmentsShape: Shape = [
  { id: "string", status: "string", details: [{ name: "string", value: "string" }] },
];

export const containerInstanceKind: DocumentKind<ContainerInstance> & { readonly apart: { readonly name: string } } = {
  name: "container-instance",
  keyMember: "id",
  version: 1,
  shape: {
    id: "string",
    arn: "string",
    status: new Set(containerInstanceStatuses),
    version: "number",
    agentConnected: "boolean",
    disconnectedAt: "number?",
    versionInfo: "object?",
    agentUpdate: orNull({ status: "string", requestedAt: "number" }),
    registeredAt: "number",
    deregisteredAt: "number?",
    statusSince: "number",
    attachments: attachmentsShape,
    tags: tagsShape,
    capacityProviderName: "string?",
    registeredResources: [{ name: "string", type: "string" }],
    platformDevices: [{ id: "string", type: "string" }],
    platformAttributes: attributesShape,
    customAttributes: attributesShape,
    registeredBy: "string?",
    privateAddress: "string?",
  },
  /** What an instance registers hardly ever changes and is most of its document, while its version changes with every task. */
  apart: {
    name: "instance-registration",
    members: [
      "platformAttributes",
      "customAttributes",
      "registeredResources",
      "platformDevices",
      "registeredBy",
      "privateAddress",
    ],
  },
  upgrade: upgraded,
  dueAt: instanceDueAt,
};

export const instanceHealthKind: DocumentKind<InstanceHealth> = {
  name: "instance-health",
  keyMember: "instanceId",
  version: 1,
  shape: { instanceId: "string", checks: [{ type: "string", status: "string", receivedAt: "number" }] },
};
