import { limits } from "../limits.ts";
import { checkSpeaksFor, denyAgent } from "../references/instance-owner.ts";
import {
  checkedInstanceIds,
  type Failure,
  findContainerInstance,
  missingContainerInstance,
} from "../references/referenced-container-instance.ts";
import { refuse } from "../refusals.ts";
import type { Caller, Given } from "../state/call.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { instanceTransition, withStatus } from "./container-instance-lifecycle.ts";
import { describeContainerInstance } from "./describe-container-instance.ts";
import { noteDrain } from "./note-drain.ts";

export type UpdateContainerInstancesStateRequest = {
  readonly containerInstances?: readonly string[];
  readonly status?: string;
};

/**
 * Moves 1 to 10 container instances to ACTIVE or DRAINING; one that is already there doesn't change. Unknown instances, and those neither
 * ACTIVE nor DRAINING, are failures; the others are moved. Tasks don't move until Berth looks at their services. Refuses with
 * InvalidParameterException an empty or overlong list and another status; with AccessDeniedException an agent key that names another key's
 * instance or asks for anything but DRAINING: an agent may leave, but not undo your drain.
 */
export function updateContainerInstancesState(
  step: ClusterStep,
  request: UpdateContainerInstancesStateRequest,
  { caller }: Given,
) {
  const { containerInstances: references, status } = request;
  if (caller.ownInstancesOnly === true) checkDrainsItself(step, references ?? [], status, caller);
  const { ids, failures } = moveContainerInstances(
    step,
    references,
    limits.idsPerUpdateContainerInstancesState,
    status,
  );
  const containerInstances = ids.flatMap((id) => {
    const instance = step.state.instances.get(id);
    return instance === undefined ? [] : [describeContainerInstance(step.state, instance, [], step.now)];
  });
  return { containerInstances, failures };
}

function checkDrainsItself(
  step: ClusterStep,
  references: readonly string[],
  status: string | undefined,
  caller: Caller,
): void {
  const action = "UpdateContainerInstancesState";
  if (status !== "DRAINING") denyAgent(caller, action, step.clusterArn);
  for (const reference of references) {
    const instance = findContainerInstance(step, reference);
    if (instance !== null) checkSpeaksFor(caller, instance, { action, resource: instance.arn });
  }
}

/**
 * Moves at most `max` container instances to ACTIVE or DRAINING, with what each drain needs to remember. Returns the ids of those that are
 * there now, each once.
 * DIFFERS: AWS does not document how it answers for an instance that can't be drained; Berth gives a failure whose reason is the instance's status.
 */
export function moveContainerInstances(
  step: ClusterStep,
  containerInstances: readonly string[] | undefined,
  max: number,
  status: string | undefined,
): { readonly ids: readonly string[]; readonly failures: readonly Failure[] } {
  const references = checkedInstanceIds(containerInstances, max);
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
    if (next === "ACTIVE") step.state.drains.delete(instance.id);
    else noteDrain(step.state, instance, step.now);
    if (next !== instance.status) step.changeInstance(withStatus(instance, next, step.now));
    moved.add(instance.id);
  }
  return { ids: [...moved], failures };
}
