import { holdsResources } from "../documents/task.ts";
import { endManagedHosts } from "../fargate/hosts-for-tasks.ts";
import { refuse } from "../refusals.ts";
import type { ClusterStep } from "../state/cluster-step.ts";

/**
 * The cluster machine's part of DeleteCluster: refuses while there are instances, services or tasks, then accepts no more calls under this
 * incarnation. Closing a closed cluster changes nothing. AWS: the texts, and the order instances, services, tasks.
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
  // The account frees it too. A later incarnation asks again.
  step.state.fargateReservation.set(null);
  step.state.closed.put("closed", { incarnation, phase: "closing", closedAt: step.now });
  return {};
}

/**
 * The account has recorded the close, so the cluster may be forgotten from now on. A mark of an older Berth doesn't say whether the
 * re-created cluster was used, so it counts as used.
 */
export function noteAccountKnows(step: ClusterStep, incarnation: number, isCreatedAgain: boolean): null {
  const mark = step.state.closed.get("closed");
  if (mark?.incarnation !== incarnation || mark.phase !== "closing") return null;
  const phase = isCreatedAgain && mark.closedAt === null ? "reopened" : "closed";
  step.state.closed.put("closed", { incarnation, phase, closedAt: mark.closedAt ?? step.now });
  return null;
}

/** The current step is a call into `incarnation`: if it wrote anything, the data here is no longer a deleted cluster's. */
export function noteReopened(step: ClusterStep, incarnation: number): void {
  const mark = step.state.closed.get("closed");
  if (mark === undefined || mark.phase === "reopened" || mark.incarnation >= incarnation) return;
  if (!step.state.journal.hasChanges) return;
  step.state.closed.put("closed", { ...mark, phase: "reopened" });
}
