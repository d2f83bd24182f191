import type { Given } from "../call.ts";
import type { ClusterStep } from "../cluster-step.ts";
import { limits } from "../limits.ts";
import { refuse } from "../refusals.ts";
import { instanceTransition, withStatus } from "./container-instance-lifecycle.ts";
import { describeContainerInstance } from "./describe-container-instance.ts";
import {
  checkedInstanceIds,
  type Failure,
  findContainerInstance,
  missingContainerInstance,
} from "./referenced-container-instance.ts";

export type UpdateContainerInstancesStateRequest = {
  readonly containerInstances?: readonly string[];
  readonly status?: string;
};

/**
 * Moves 1 to 10 container instances to ACTIVE or DRAINING; being there already is no change. Unknown instances, and those
 * neither ACTIVE nor DRAINING, come as failures while the others are moved. Tasks stay where they are.
 * Refuses with InvalidParameterException an empty or too long list and another status.
 * DIFFERS: AWS does not document how it answers for an instance that cannot be drained; Berth gives a failure whose reason is the instance's status.
 */
export function updateContainerInstancesState(
  step: ClusterStep,
  request: UpdateContainerInstancesStateRequest,
  _: Given,
) {
  const references = checkedInstanceIds(request.containerInstances, limits.idsPerUpdateContainerInstancesState);
  const { status } = request;
  if (status !== "ACTIVE" && status !== "DRAINING") {
    refuse("InvalidParameterException", "Container instance status should be one of [ACTIVE, DRAINING]");
  }
  const moved = new Set<string>();
  const failures: Failure[] = [];
  for (const reference of references) {
    const instance = findContainerInstance(step, reference);
    if (instance === null) {
      failures.push(missingContainerInstance(step, reference));
      continue;
    }
    const next = instanceTransition(instance.status, status === "ACTIVE" ? "activate" : "drain");
    if (next === "refused" || next === "ignored") {
      const detail = `A container instance that is ${instance.status} cannot become ${status}.`;
      failures.push({ arn: instance.arn, reason: instance.status, detail });
      continue;
    }
    if (next !== instance.status) step.changeInstance(withStatus(instance, next, step.now));
    moved.add(instance.id);
  }
  const containerInstances = [...moved].flatMap((id) => {
    const instance = step.state.instances.get(id);
    return instance === undefined ? [] : [describeContainerInstance(step.state, instance, [], step.now)];
  });
  return { containerInstances, failures };
}
