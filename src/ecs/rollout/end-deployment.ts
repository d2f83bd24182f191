import { must } from "../../lib/assert.ts";
import type { ServiceDeployment, ServiceDeploymentStatus } from "../documents/deployment.ts";
import { type Rollout, targetOf } from "../documents/rollout.ts";
import type { Service } from "../documents/service.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { progressOf, rolloutOf } from "../state/service-documents.ts";
import { putRollout } from "./change-standing.ts";
import { failuresOf } from "./circuit-breaker.ts";
import { causes, completed, type GivingUp, givenUp } from "./rollout-changes.ts";
import { announceDeployment, tellService } from "./service-announcements.ts";
import { isUnderWay } from "./service-deployment-states.ts";

/**
 * The target has all its tasks, healthy, and the others have none: it is COMPLETED and the only one that is left.
 * AWS: the texts; a service deployment is SUCCESSFUL, or ROLLBACK_SUCCESSFUL when this was a rollback.
 */
export function completeDeployment(step: ClusterStep, name: string): void {
  const service = serviceNamed(step, name);
  const rollout = completed(rolloutOf(step.state, name), step.now);
  const target = targetOf(rollout);
  closeServiceDeployment(step, service, rollout, target.id, (status) =>
    status === "ROLLBACK_IN_PROGRESS" || status === "ROLLBACK_REQUESTED" ? "ROLLBACK_SUCCESSFUL" : "SUCCESSFUL",
  );
  putRollout(step, rollout);
  tellService(step, name, `(deployment ${target.id}) deployment completed.`);
  announceDeployment(step, service, "SERVICE_DEPLOYMENT_COMPLETED", target.id, target.rolloutStateReason);
}

/** The target of a service's rollout is given up, as decided. AWS: the texts. */
export function giveUpDeployment(step: ClusterStep, name: string, givingUp: GivingUp): void {
  const service = serviceNamed(step, name);
  const before = rolloutOf(step.state, name);
  const failedId = before.targetId;
  const { told, who, announced } = causes[givingUp.cause];
  noteAlarms(step, before, givingUp.triggeredAlarms);
  tellService(step, name, `(deployment ${failedId}) deployment failed: ${told}`);
  announceDeployment(step, service, "SERVICE_DEPLOYMENT_FAILED", failedId, `${who}: ${announced}`);
  if (givingUp.backTo === null) stay(step, service, before, givingUp);
  else rollBack(step, service, before, givingUp, givingUp.backTo);
}

function noteAlarms(step: ClusterStep, { serviceDeploymentId }: Rollout, triggeredAlarms: readonly string[]): void {
  const known = step.state.serviceDeployments.get(serviceDeploymentId);
  if (known === undefined || triggeredAlarms.length === 0) return;
  step.state.serviceDeployments.put(known.id, { ...known, triggeredAlarms });
}

function stay(step: ClusterStep, service: Service, before: Rollout, givingUp: GivingUp): void {
  closeServiceDeployment(
    step,
    service,
    before,
    before.targetId,
    (status) => (status === "ROLLBACK_IN_PROGRESS" ? "ROLLBACK_FAILED" : "STOPPED"),
    givingUp.wantsRollback ? "No rollback candidate was found to run the rollback." : causes[givingUp.cause].status,
  );
  putRollout(step, givenUp(before, givingUp, step.now));
}

function rollBack(step: ClusterStep, service: Service, before: Rollout, givingUp: GivingUp, backTo: string): void {
  const { state, now } = step;
  const after = givenUp(before, givingUp, now);
  const target = targetOf(after);
  const { status } = causes[givingUp.cause];
  const known = state.serviceDeployments.get(before.serviceDeploymentId);
  if (known !== undefined) {
    state.serviceDeployments.put(known.id, {
      ...known,
      status: "ROLLBACK_IN_PROGRESS",
      statusReason: status,
      ...failuresOf(service, known, progressOf(state, service.name, before.targetId)),
      rollback: { reason: status, startedAt: now, revisionId: target.revisionId },
      updatedAt: now,
    });
  }
  putRollout(step, after);
  // That its tasks started once says nothing about those that are to start now.
  state.deploymentProgress.delete(backTo);
  tellService(step, service.name, `rolling back to deployment ${backTo}.`);
  announceDeployment(step, service, "SERVICE_DEPLOYMENT_IN_PROGRESS", backTo, target.rolloutStateReason);
}

/** Closes the service deployment that runs, if it does, with what the circuit breaker has counted for `deploymentId`. */
function closeServiceDeployment(
  step: ClusterStep,
  service: Service,
  { serviceDeploymentId }: Rollout,
  deploymentId: string,
  endOf: (status: ServiceDeploymentStatus) => ServiceDeploymentStatus,
  statusReason: string | null = null,
): void {
  const known = step.state.serviceDeployments.get(serviceDeploymentId);
  if (known === undefined || !isUnderWay(known)) return;
  const status = endOf(known.status);
  const ended: ServiceDeployment = {
    ...known,
    status,
    statusReason: statusReason ?? known.statusReason,
    ...failuresOf(service, known, progressOf(step.state, service.name, deploymentId)),
    finishedAt: step.now,
    stoppedAt: status === "STOPPED" ? step.now : null,
    updatedAt: step.now,
  };
  step.state.serviceDeployments.put(known.id, ended);
}

const serviceNamed = (step: ClusterStep, name: string): Service => must(step.state.services.get(name), "a service");
