import type { ClusterStep } from "../cluster-step.ts";
import { limits } from "../limits.ts";
import { resumeAgentUpdate } from "./agent-update.ts";
import type { ContainerInstance } from "./container-instance.ts";
import { trunkDue, trunkDueAt } from "./trunk.ts";

/*
 * Timetable of a container instance, derived from its document alone:
 *
 *   REGISTERING, trunk CREATED     statusSince + networkInterfaceMs        trunk ATTACHING
 *   REGISTERING, trunk ATTACHING   statusSince + 2 * networkInterfaceMs    trunk ATTACHED, ACTIVE
 *   DEREGISTERING                  statusSince + networkInterfaceMs        trunk DELETED, INACTIVE
 *   INACTIVE                       statusSince + inactiveInstanceRetention the document goes
 *   agent update PENDING, agent connected    at once                       STAGING, the agent is told
 */

/** When `instance` next wants a look (epoch milliseconds), or null. */
export function instanceDueAt(instance: ContainerInstance): number | null {
  switch (instance.status) {
    case "REGISTERING":
    case "DEREGISTERING":
      return trunkDueAt(instance);
    case "INACTIVE":
      return instance.statusSince + limits.inactiveInstanceRetentionMs;
    case "ACTIVE":
    case "DRAINING":
      return updateWaits(instance) ? (instance.agentUpdate?.requestedAt ?? null) : null;
    case "REGISTRATION_FAILED":
      return null;
  }
}

/** Does what is due for `instance` at `step.now`; nothing when the entry that led here is stale. */
export function instanceDue(step: ClusterStep, instance: ContainerInstance): void {
  const dueAt = instanceDueAt(instance);
  if (dueAt === null || dueAt > step.now) return;
  if (instance.status === "INACTIVE") {
    step.state.instances.delete(instance.id);
    step.state.health.delete(instance.id);
    return;
  }
  if (instance.status === "ACTIVE" || instance.status === "DRAINING") {
    step.changeInstance(resumeAgentUpdate(step, instance));
    return;
  }
  trunkDue(step, instance);
}

const updateWaits = (instance: ContainerInstance): boolean =>
  instance.agentConnected && instance.agentUpdate?.status === "PENDING";
