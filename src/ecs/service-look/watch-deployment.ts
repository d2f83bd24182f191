import { primaryOf, type Service } from "../documents/service.ts";
import { changeDeployment } from "../rollout/change-deployment.ts";
import { hasTripped } from "../rollout/circuit-breaker.ts";
import { completeDeployment, dropEmptyDeployments, failDeployment } from "../rollout/end-deployment.ts";
import { triggeredAlarms } from "../rollout/triggered-alarms.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import type { PlannedStop } from "./replica-plan.ts";
import type { LeaveReason, ServiceView } from "./service-view.ts";

/** Gives the PRIMARY deployment up when that is asked for, or when it failed too often. A user's request goes before its own watch. */
export function endIfFailed(step: ClusterStep, service: Service): void {
  if (service.status !== "ACTIVE") return;
  const { name } = service;
  const primary = primaryOf(service);
  const { deploymentCircuitBreaker: breaker, alarms } = service.deploymentConfiguration;
  const status = step.state.serviceDeployments.get(service.serviceDeploymentId)?.status;
  if (status === "ROLLBACK_REQUESTED") failDeployment(step, name, "rollback-requested", true);
  else if (status === "STOP_REQUESTED") failDeployment(step, name, "abort-requested", false);
  else if (hasTripped(breaker, primary, service.desiredCount)) {
    failDeployment(step, name, "circuit-breaker", breaker.rollback);
  } else if (triggeredAlarms(step.state, service, primary).length > 0) {
    failDeployment(step, name, "alarm", alarms.rollback);
  }
}

/** AWS: once a task of the deployment was RUNNING, the circuit breaker counts tasks that are replaced for failed health checks. */
export function countUnhealthy(
  step: ClusterStep,
  { service, primary }: ServiceView,
  stops: readonly PlannedStop[],
): void {
  const unhealthy = stops.filter(({ task, why }) => why === "unhealthy" && task.startedBy === primary.id).length;
  if (service.status !== "ACTIVE" || unhealthy === 0) return;
  changeDeployment(step, service.name, primary.id, (deployment) => ({
    ...deployment,
    breakerCount: deployment.breakerCount + unhealthy,
    lastFailureAt: step.now,
  }));
}

/** AWS: a healthy task resets what the circuit breaker counted; one that was started before the failure says nothing. */
export function forgetOldFailures(step: ClusterStep, { service, primary, keepers }: ServiceView): void {
  const { resetOnHealthyTask } = service.deploymentConfiguration.deploymentCircuitBreaker;
  const { lastFailureAt, breakerCount, hasRun } = primary;
  if (!resetOnHealthyTask || breakerCount === 0 || lastFailureAt === null || !hasRun) return;
  if (!keepers.some(({ isHealthy, task }) => isHealthy && (task.startedAt ?? 0) > lastFailureAt)) return;
  changeDeployment(step, service.name, primary.id, (deployment) => ({ ...deployment, breakerCount: 0 }));
}

/** Ends the rollout when it is over; until then older deployments go that have no tasks any more. */
export function endIfRolledOut(step: ClusterStep, view: ServiceView): void {
  const { name } = view.service;
  if (isRolledOut(view) && hasBaked(step, view)) completeDeployment(step, name);
  else dropEmptyDeployments(step, name);
}

/** AWS: a rollout is over when the new deployment has its tasks, all healthy, and the older ones have none left. */
function isRolledOut({ service, primary, keepers, leavers, ofOthers }: ServiceView): boolean {
  if (primary.rolloutState !== "IN_PROGRESS" || ofOthers > 0 || keepers.length !== service.desiredCount) return false;
  // A daemon stays to the last on an instance that drains, which may take for ever.
  const isBeside = (leaves: LeaveReason | null) =>
    leaves === "lost" || (leaves === "draining" && service.schedulingStrategy === "DAEMON");
  return leavers.every(({ leaves }) => isBeside(leaves)) && keepers.every(({ isHealthy }) => isHealthy);
}

/** AWS: a rollout that alarms watch is held open for a while when it has all its tasks, since alarms come late. */
function hasBaked(step: ClusterStep, { service, primary }: ServiceView): boolean {
  if (!service.deploymentConfiguration.alarms.enable) return true;
  if (primary.bakesUntil !== null) return primary.bakesUntil <= step.now;
  const bakesUntil = step.now + step.timeline.alarmBakeMs;
  changeDeployment(step, service.name, primary.id, (deployment) => ({ ...deployment, bakesUntil }));
  return false;
}
