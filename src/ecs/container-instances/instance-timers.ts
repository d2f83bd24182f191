import type { ContainerInstance } from "../documents/container-instance.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { resumeAgentUpdate } from "./agent-update.ts";
import { trunkDue } from "./trunk.ts";

/** Does what is due for `instance`. */
export function instanceDue(step: ClusterStep, instance: ContainerInstance): void {
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

/** Forgets an INACTIVE instance and everything that belongs to it. */
export function forgetInstance({ state }: ClusterStep, id: string): void {
  state.instances.delete(id);
  state.health.delete(id);
  state.agentSequences.delete(id);
}
