import type { AgentUpdate, AgentUpdateStatus, ContainerInstance } from "../documents/container-instance.ts";
import type { ClusterStep } from "../state/cluster-step.ts";

const unfinished: readonly AgentUpdateStatus[] = ["PENDING", "STAGING", "STAGED", "UPDATING"];

/** True while a requested agent update is neither UPDATED nor FAILED. */
export function isUnfinished(update: AgentUpdate | null): update is AgentUpdate {
  return update !== null && unfinished.includes(update.status);
}

/**
 * `instance` with its unfinished update resumed at its stage; an effect tells the agent. Orders from before a restart may be lost, so they
 * are repeated: the agent acknowledges a download that it already has.
 */
export function resumeAgentUpdate(step: ClusterStep, instance: ContainerInstance): ContainerInstance {
  const update = instance.agentUpdate;
  if (update === null) return instance;
  const { id: instanceId } = instance;
  const { targetVersion } = update;
  if (update.status === "PENDING" || update.status === "STAGING") {
    step.effects.push({ type: "update-agent", instanceId, stage: "stage", targetVersion });
    return { ...instance, agentUpdate: { ...update, status: "STAGING" } };
  }
  if (update.status === "STAGED") {
    step.effects.push({ type: "update-agent", instanceId, stage: "perform", targetVersion });
  }
  return instance;
}

/**
 * The update after an agent of `version` has connected. AWS: the update continues when the agent reconnects. It has failed if the agent
 * restarted with its old version; an agent that only lost its socket has yet to update.
 */
export function updateAfterConnect(
  update: AgentUpdate | null,
  version: string | null,
  isNewProcess: boolean,
): AgentUpdate | null {
  if (!isUnfinished(update) || version === null) return update;
  if (compareVersions(version, update.targetVersion) >= 0) return { ...update, status: "UPDATED", reason: null };
  if (update.status !== "UPDATING" || !isNewProcess) return update;
  const reason = `The agent came back with version ${version}.`;
  return { ...update, status: "FAILED", reason };
}

/**
 * The reason shown for an instance's status.
 * DIFFERS: if an update of the agent failed, `statusReason` of the container instance says why, in calls and in events; ECS shows the reason nowhere.
 */
export function statusReasonOf({ statusReason, agentUpdate }: ContainerInstance): string | null {
  if (statusReason !== null || agentUpdate?.status !== "FAILED") return statusReason;
  return `Agent update to ${agentUpdate.targetVersion} failed: ${agentUpdate.reason ?? "The agent gave no reason."}`;
}

/** Negative, zero or positive as version `a` is older than, equal to or newer than `b`. Parts that are not numbers count as 0. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [numbersOf(a), numbersOf(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function numbersOf(version: string): number[] {
  const release = version.replace(/^v/, "").split(/[-+]/)[0] ?? "";
  return release.split(".").map((part) => (/^\d{1,9}$/.test(part) ? Number(part) : 0));
}
