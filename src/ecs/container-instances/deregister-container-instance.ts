import { must } from "../../lib/assert.ts";
import { checkSpeaksFor } from "../references/instance-owner.ts";
import { referencedContainerInstance } from "../references/referenced-container-instance.ts";
import { refuse } from "../refusals.ts";
import type { Given } from "../state/call.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { stopTasksOfDeregisteredInstance } from "../task-life/begin-stop.ts";
import { instanceTransition, withStatus } from "./container-instance-lifecycle.ts";
import { describeContainerInstance } from "./describe-container-instance.ts";
import { settleReconnect } from "./recover-connections.ts";
import { hasTrunk, moveTrunk } from "./trunk.ts";

export type DeregisterContainerInstanceRequest = { readonly containerInstance?: string; readonly force?: boolean };

/**
 * Removes a container instance from the cluster: INACTIVE at once, or DEREGISTERING until its trunk is removed. Its agent is turned away.
 * With `force` its tasks become STOPPED, but their containers keep running. Refuses with InvalidParameterException an unknown or INACTIVE
 * instance and, without `force`, one with tasks; with AccessDeniedException an agent key that did not register it.
 * AWS: any task that is not STOPPED counts; deregistration is final.
 */
export function deregisterContainerInstance(
  step: ClusterStep,
  request: DeregisterContainerInstanceRequest,
  { caller }: Given,
) {
  const found = referencedContainerInstance(step, request.containerInstance);
  checkSpeaksFor(caller, found, { action: "DeregisterContainerInstance", resource: found.arn });
  const next = instanceTransition(found.status, hasTrunk(found) ? "deregister-with-trunk" : "deregister");
  if (next === "ignored" || next === "refused") {
    return { containerInstance: describeContainerInstance(step.state, found, [], step.now) };
  }
  if (step.state.book.usageOf(found.id).taskIds.size > 0) {
    if (request.force !== true) refuse("InvalidParameterException", "Found running tasks on the instance.");
    stopTasksOfDeregisteredInstance(step, found);
  }
  const instance = must(step.state.instances.get(found.id), "the instance under deregistration");
  step.changeInstance({
    ...withStatus(instance, next, step.now),
    agentConnected: false,
    disconnectedAt: instance.disconnectedAt ?? step.now,
    deregisteredAt: step.now,
    attachments: next === "DEREGISTERING" ? moveTrunk(instance.attachments, "DETACHING") : instance.attachments,
  });
  step.state.drains.delete(found.id);
  settleReconnect(step, found.id);
  step.effects.push({ type: "turn-away", instanceId: found.id });
  const gone = must(step.state.instances.get(found.id), "the deregistered instance");
  return { containerInstance: describeContainerInstance(step.state, gone, [], step.now) };
}
