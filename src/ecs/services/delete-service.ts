import { targetOf } from "../documents/rollout.ts";
import type { Service } from "../documents/service.ts";
import { theService } from "../references/find-service.ts";
import { refuse } from "../refusals.ts";
import { endServiceDeployment } from "../rollout/begin-deployment.ts";
import { changeCondition } from "../rollout/change-standing.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { rolloutOf } from "../state/service-documents.ts";
import { describeService } from "./describe-service.ts";

export type DeleteServiceRequest = {
  readonly cluster?: string;
  readonly service?: string;
  readonly force?: boolean;
};

/**
 * DeleteService: the service is DRAINING, wants no tasks any more, and becomes INACTIVE when its last one is gone; a DRAINING
 * one is answered as it is. AWS: without force a REPLICA service must be scaled to 0 and have no deployment under way.
 * Refuses an unknown and an INACTIVE service with ServiceNotFoundException.
 */
export function deleteService(step: ClusterStep, request: DeleteServiceRequest): object {
  const service = theService(step, request.service);
  if (service.status === "INACTIVE") refuse("ServiceNotFoundException", "Service not found.");
  if (service.status === "ACTIVE" && request.force !== true) checkDeletable(step, service);
  if (service.status === "DRAINING") return { service: describeService(step.state, service, { tags: true }) };
  endServiceDeployment(step, service, "The service was deleted.");
  const deleted: Service = { ...service, status: "DRAINING", desiredCount: 0 };
  step.state.services.put(service.name, deleted);
  const nothing = { rebalance: null, steadySince: null, impediment: null };
  changeCondition(step, service.name, (condition) => ({ ...condition, ...nothing }));
  return { service: describeService(step.state, deleted, { tags: true }) };
}

/** AWS: a DAEMON service cannot be scaled, so that it needs no force. A deployment that failed is under way no more. */
function checkDeletable(step: ClusterStep, service: Service): void {
  const { schedulingStrategy, desiredCount } = service;
  const rollout = rolloutOf(step.state, service.name);
  if (schedulingStrategy === "DAEMON") return;
  if (desiredCount > 0) {
    refuse("InvalidParameterException", "The service cannot be stopped while it is scaled above 0.");
  }
  if (rollout.deployments.length > 1 && targetOf(rollout).rolloutState !== "FAILED") {
    refuse("InvalidParameterException", "The service cannot be stopped while deployments are active.");
  }
}
