import type { Timeline } from "../timeline.ts";
import type { ContainerInstance } from "./container-instance.ts";

/*
 * Timetable of a container instance, derived from its document alone:
 *
 *   REGISTERING, trunk CREATED     statusSince + networkInterfaceMs            trunk ATTACHING
 *   REGISTERING, trunk ATTACHING   statusSince + 2 * networkInterfaceMs        trunk ATTACHED, ACTIVE
 *   DEREGISTERING                  statusSince + networkInterfaceMs            trunk DELETED, INACTIVE
 *   INACTIVE                       statusSince + inactiveInstanceRetentionMs   the document goes
 *   agent update PENDING, agent connected    at once                          STAGING, the agent is told
 */

/** When `instance` next wants a look (epoch milliseconds), or null. */
export function instanceDueAt(instance: ContainerInstance, timeline: Timeline): number | null {
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

/** When the network is next done with the trunk of `instance`, or null. */
function trunkDueAt(instance: ContainerInstance, timeline: Timeline): number | null {
  if (instance.status === "DEREGISTERING") return instance.statusSince + timeline.networkInterfaceMs;
  if (instance.status !== "REGISTERING") return null;
  const steps = instance.attachments.some((attachment) => attachment.status === "CREATED") ? 1 : 2;
  return instance.statusSince + steps * timeline.networkInterfaceMs;
}

const updateWaits = (instance: ContainerInstance): boolean =>
  instance.agentConnected && instance.agentUpdate?.status === "PENDING";
