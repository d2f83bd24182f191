import { must } from "../../lib/assert.ts";
import { moveContainerInstances } from "../container-instances/update-container-instances-state.ts";
import { limits } from "../limits.ts";
import type { Failure } from "../references/referenced-container-instance.ts";
import type { Given } from "../state/call.ts";
import type { ClusterStep } from "../state/cluster-step.ts";

export type CancelDrainRequest = { readonly cluster?: string; readonly containerInstances?: readonly string[] };

export type CancelDrainReply = {
  readonly containerInstances: readonly string[];
  readonly failures: readonly Failure[];
};

/**
 * CancelDrain: sets 1 to 100 container instances to ACTIVE, as UpdateContainerInstancesState does, and forgets their deadlines. Tasks that
 * moved stay where they are, and tasks already told to stop still stop. Refuses what that operation refuses.
 */
export function cancelDrain(step: ClusterStep, request: CancelDrainRequest, _: Given): CancelDrainReply {
  const { ids, failures } = moveContainerInstances(
    step,
    request.containerInstances,
    limits.idsPerDescribeContainerInstances,
    "ACTIVE",
  );
  return {
    containerInstances: ids.map((id) => must(step.state.instances.get(id), "an instance that was moved").arn),
    failures,
  };
}
