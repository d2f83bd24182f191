import type { RandomStream } from "../../lib/random.ts";
import type { Attribute } from "../documents/attribute.ts";
import type { Attachment, AttachmentStatus, ContainerInstance } from "../documents/container-instance.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { instanceTransition, withStatus } from "./container-instance-lifecycle.ts";

const present: readonly AttachmentStatus[] = ["PRECREATED", "CREATED", "ATTACHING", "ATTACHED"];

/**
 * True if a registration gets a trunk network interface.
 * AWS: awsvpcTrunking is on for the registering principal, and both agent and instance type support it.
 * DIFFERS: the list of instance types with trunking changes with the hardware of AWS; Berth accepts every type except the burstable ones (`t2`, `t3`, ...) if the agent offers `ecs.capability.task-eni-trunking`.
 */
export function wantsTrunk(
  settings: Readonly<Record<string, string>>,
  instanceType: string | null,
  attributes: readonly Attribute[],
): boolean {
  if (settings.awsvpcTrunking !== "enabled" || instanceType === null || /^t\d/.test(instanceType)) return false;
  return attributes.some((attribute) => attribute.name === "ecs.capability.task-eni-trunking");
}

/** A trunk that the network has yet to attach. An instance has at most one at a time. */
export function newTrunk(ids: RandomStream): Attachment {
  const octets = ids.hex(10).match(/../g) ?? [];
  return {
    id: ids.uuid(),
    type: "ElasticNetworkInterface",
    status: "CREATED",
    details: [
      { name: "networkInterfaceId", value: `eni-${ids.hex(17)}` },
      { name: "macAddress", value: ["06", ...octets].join(":") },
    ],
  };
}

/** True while the instance has a trunk that deregistration must remove first. */
export function hasTrunk(instance: ContainerInstance): boolean {
  return instance.attachments.some((attachment) => present.includes(attachment.status));
}

/** The attachments, with every current one moved to `status`. */
export function moveTrunk(attachments: readonly Attachment[], status: AttachmentStatus): readonly Attachment[] {
  return attachments.map((attachment) =>
    present.includes(attachment.status) || attachment.status === "DETACHING" ? { ...attachment, status } : attachment,
  );
}

/** AWS: the attribute `ecs.awsvpc-trunk-id` names an instance's attached trunk. */
export function trunkAttributes(attachments: readonly Attachment[]): readonly Attribute[] {
  const attached = attachments.find((attachment) => attachment.status === "ATTACHED");
  const id = attached?.details.find((detail) => detail.name === "networkInterfaceId")?.value;
  return id === undefined ? [] : [{ name: "ecs.awsvpc-trunk-id", value: id }];
}

/** Moves the trunk to its next status in the simulated network: CREATED, ATTACHING, ATTACHED; DETACHING, DELETED. */
export function trunkDue(step: ClusterStep, instance: ContainerInstance): void {
  if (instance.status === "DEREGISTERING") {
    trunkRemoved(step, instance, "DELETED");
  } else if (step.now >= instance.statusSince + step.timeline.attachmentTimeoutMs) {
    trunkFailed(step, instance, "The trunk network interface was not attached in time.");
  } else if (instance.attachments.some((attachment) => attachment.status === "CREATED")) {
    step.changeInstance({ ...instance, attachments: moveTrunk(instance.attachments, "ATTACHING") });
  } else {
    trunkAttached(step, instance);
  }
}

/** The trunk is attached: a REGISTERING instance becomes ACTIVE. Otherwise nothing changes. */
export function trunkAttached(step: ClusterStep, instance: ContainerInstance): void {
  const next = instanceTransition(instance.status, "trunk-attached");
  if (next === "ignored" || next === "refused") return;
  const attachments = moveTrunk(instance.attachments, "ATTACHED");
  const platformAttributes = [...instance.platformAttributes, ...trunkAttributes(attachments)];
  step.changeInstance(withStatus({ ...instance, attachments, platformAttributes }, next, step.now));
}

/** The trunk can't be attached: a REGISTERING instance becomes REGISTRATION_FAILED with `reason`. */
export function trunkFailed(step: ClusterStep, instance: ContainerInstance, reason: string): void {
  const next = instanceTransition(instance.status, "trunk-failed");
  if (next === "ignored" || next === "refused") return;
  const attachments = moveTrunk(instance.attachments, "FAILED");
  step.changeInstance(withStatus({ ...instance, attachments }, next, step.now, reason));
}

/** The trunk is gone: a DEREGISTERING instance becomes INACTIVE; the registration of a REGISTERING one fails. */
export function trunkRemoved(step: ClusterStep, instance: ContainerInstance, status: "DETACHED" | "DELETED"): void {
  const next = instanceTransition(instance.status, "trunk-removed");
  if (next === "ignored" || next === "refused") return;
  const attachments = moveTrunk(instance.attachments, status);
  const reason = next === "REGISTRATION_FAILED" ? "The trunk network interface was detached." : null;
  step.changeInstance(withStatus({ ...instance, attachments }, next, step.now, reason));
}
