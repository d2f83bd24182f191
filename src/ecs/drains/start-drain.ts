import { must } from "../../lib/assert.ts";
import { noteDrain } from "../container-instances/note-drain.ts";
import { moveContainerInstances } from "../container-instances/update-container-instances-state.ts";
import { limits } from "../limits.ts";
import type { Given } from "../state/call.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { checkedDeadline } from "./drain-deadline.ts";
import { type DrainsReply, describeDrains } from "./drain-progress.ts";

export type StartDrainRequest = {
  readonly cluster?: string;
  readonly containerInstances?: readonly string[];
  readonly deadlineSeconds?: number;
};

/**
 * StartDrain: sets 1 to 100 container instances to DRAINING, as UpdateContainerInstancesState does, and shows what is left on each.
 * `deadlineSeconds` later, remaining tasks are stopped. For instances that already drain, this call's deadline (or none) replaces theirs.
 * Refuses what UpdateContainerInstancesState refuses, and a deadline out of range.
 */
export function startDrain(step: ClusterStep, request: StartDrainRequest, _: Given): DrainsReply {
  const { drains, instances } = step.state;
  const deadlineAt = checkedDeadline(step, request.deadlineSeconds);
  const { ids, failures } = moveContainerInstances(
    step,
    request.containerInstances,
    limits.idsPerDescribeContainerInstances,
    "DRAINING",
  );
  for (const id of ids) {
    noteDrain(step.state, must(instances.get(id), "an instance that drains"), step.now);
    const drain = must(drains.get(id), "the drain of an instance");
    if (drain.deadlineAt !== deadlineAt) drains.put(id, { ...drain, deadlineAt, enforcedAt: null });
  }
  return { drains: describeDrains(step, ids), failures };
}
