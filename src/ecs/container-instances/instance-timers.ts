import type { ContainerInstance } from "../documents/container-instance.ts";
import { instanceDueAt } from "../documents/instance-due-at.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { resumeAgentUpdate } from "./agent-update.ts";
import { trunkDue } from "./trunk.ts";

/** Does what is due for `instance` at `step.now`; nothing when the entry that led here is stale. */
export function instanceDue(step: ClusterStep, instance: ContainerInstance): void {
  const dueAt = instanceDueAt(instance, step.timeline);
  if (dueAt === null || dueAt > step.now) return;
  if (instance.status === "INACTIVE") {
    forgetInstance(step, instance.id);
    return;
  }
  if (instance.status === "ACTIVE" || instance.status === "DRAINING") {
    step.changeInstance(resumeAgentUpdate(step, instance));
    return;
  }
  trunkDue(step, instance);
}

/** Forgets an INACTIVE instance with all that belongs to it. */
export function forgetInstance({ state }: ClusterStep, id: string): void {
  state.instances.delete(id);
  state.health.delete(id);
  state.agentSequences.delete(id);
}
