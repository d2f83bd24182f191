import { limits } from "../limits.ts";
import {
  checkedInstanceIds,
  type Failure,
  findContainerInstance,
  missingContainerInstance,
} from "../references/referenced-container-instance.ts";
import { refuse } from "../refusals.ts";
import type { Given } from "../state/call.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import {
  type ContainerInstanceInclude,
  type ContainerInstanceReply,
  describeContainerInstance,
} from "./describe-container-instance.ts";

export type DescribeContainerInstancesRequest = {
  readonly containerInstances?: readonly string[];
  readonly include?: readonly string[];
};

/**
 * Describes up to 100 container instances by id or ARN; unknown ones are failures MISSING. Refuses with InvalidParameterException an empty
 * or overlong list and an unknown `include`.
 */
export function describeContainerInstances(step: ClusterStep, request: DescribeContainerInstancesRequest, _: Given) {
  const references = checkedInstanceIds(request.containerInstances, limits.idsPerDescribeContainerInstances);
  const include = checkedInclude(request.include);
  const containerInstances = new Map<string, ContainerInstanceReply>();
  const failures: Failure[] = [];
  for (const reference of references) {
    const instance = findContainerInstance(step, reference);
    if (instance === null) failures.push(missingContainerInstance(step, reference));
    else containerInstances.set(instance.id, describeContainerInstance(step.state, instance, include, step.now));
  }
  return { containerInstances: [...containerInstances.values()], failures };
}

function checkedInclude(include: readonly string[] | undefined): readonly ContainerInstanceInclude[] {
  const names: ContainerInstanceInclude[] = [];
  for (const name of include ?? []) {
    if (name !== "TAGS" && name !== "CONTAINER_INSTANCE_HEALTH") {
      refuse("InvalidParameterException", "include should be one of [TAGS, CONTAINER_INSTANCE_HEALTH]");
    }
    names.push(name);
  }
  return names;
}
