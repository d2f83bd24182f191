import type { ClusterStep } from "../cluster-step.ts";
import { endManagedHosts } from "../fargate/managed-host.ts";
import { refuse } from "../refusals.ts";
import { holdsResources } from "../tasks/task.ts";

/**
 * The cluster machine's part of DeleteCluster: refuses while instances, services or tasks are there, then takes no more calls under
 * this incarnation. Closing a closed cluster changes nothing. AWS: the texts, and instances before services before tasks.
 */
export function closeCluster(step: ClusterStep, incarnation: number): object {
  if (step.state.closed.get("closed")?.incarnation === incarnation) return {};
  for (const { status } of step.state.instances.values()) {
    if (status === "INACTIVE" || status === "REGISTRATION_FAILED") continue;
    refuse(
      "ClusterContainsContainerInstancesException",
      "The Cluster cannot be deleted while Container Instances are active or draining.",
    );
  }
  if (step.state.serviceIndex.names.after(null).length > 0) {
    refuse("ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active.");
  }
  for (const task of step.state.tasks.values()) {
    if (holdsResources(task)) {
      refuse("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.");
    }
  }
  endManagedHosts(step);
  step.state.closed.put("closed", { incarnation });
  return {};
}
