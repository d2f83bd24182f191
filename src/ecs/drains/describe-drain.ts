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
import { type DrainsReply, describeDrains } from "./drain-progress.ts";

export type DescribeDrainRequest = { readonly cluster?: string; readonly containerInstances?: readonly string[] };

/**
 * DescribeDrain: what is left on up to 100 container instances and what keeps it there; without a list, on all that are DRAINING. An
 * unknown instance is a failure. Refuses with InvalidParameterException an overlong list, and a call without a list if more instances drain
 * than a list may have.
 */
export function describeDrain(step: ClusterStep, request: DescribeDrainRequest, _: Given): DrainsReply {
  const max = limits.idsPerDescribeContainerInstances;
  if (request.containerInstances === undefined || request.containerInstances.length === 0) {
    const draining = drainingIds(step);
    if (draining.length > max) {
      refuse("InvalidParameterException", `More than ${max} container instances are draining: name the ones you mean.`);
    }
    return { drains: describeDrains(step, draining), failures: [] };
  }
  const ids = new Set<string>();
  const failures: Failure[] = [];
  for (const reference of checkedInstanceIds(request.containerInstances, max)) {
    const instance = findContainerInstance(step, reference);
    if (instance === null) failures.push(missingContainerInstance(step, reference));
    else ids.add(instance.id);
  }
  return { drains: describeDrains(step, [...ids]), failures };
}

const drainingIds = ({ state }: ClusterStep): string[] =>
  state.instanceIds.after(null).filter((id) => state.instances.get(id)?.status === "DRAINING");
