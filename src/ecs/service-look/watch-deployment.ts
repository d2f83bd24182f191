import { withDeployments } from "../documents/rollout.ts";
import type { Service } from "../documents/service.ts";
import { changeProgress, putRollout } from "../rollout/change-standing.ts";
import { hasTripped } from "../rollout/circuit-breaker.ts";
import { completeDeployment, giveUpDeployment } from "../rollout/end-deployment.ts";
import { type FailureCause, type GivingUp, withoutEmpty } from "../rollout/rollout-changes.ts";
import { alarmsInAlarm, triggeredAlarms } from "../rollout/triggered-alarms.ts";
import type { ClusterState } from "../state/cluster-state.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { rolloutOf } from "../state/service-documents.ts";
import type { PlannedStop } from "./replica-plan.ts";
import type { LeaveReason, ServiceView } from "./service-view.ts";

/** Gives the target up when that is asked for, or when it failed too often. A user's request goes before its own watch. */
export function endIfFailed(step: ClusterStep, service: Service, view: ServiceView): void {
  const givingUp = givingUpOf(step.state, view);
  if (givingUp !== null) giveUpDeployment(step, service.name, givingUp);
}

/** The decision to give up the target of a service's rollout, or null. */
function givingUpOf(state: ClusterState, { service, rollout, target, progress }: ServiceView): GivingUp | null {
  if (service.status !== "ACTIVE") return null;
  const { deploymentCircuitBreaker: breaker, alarms } = service.deploymentConfiguration;
  const status = state.serviceDeployments.get(rollout.serviceDeploymentId)?.status;
  const triggered = triggeredAlarms(state, service, target);
  const because = (cause: FailureCause, wantsRollback: boolean): GivingUp => ({
    cause,
    wantsRollback,
    backTo: wantsRollback
      ? (rollout.deployments.find(({ rolloutState }) => rolloutState === "COMPLETED")?.id ?? null)
      : null,
    triggeredAlarms: triggered,
    alarmsNow: alarmsInAlarm(state, service),
  });
  if (status === "ROLLBACK_REQUESTED") return because("rollback-requested", true);
  if (status === "STOP_REQUESTED") return because("abort-requested", false);
  if (hasTripped(breaker, target, progress, service.desiredCount)) return because("circuit-breaker", breaker.rollback);
  return triggered.length > 0 ? because("alarm", alarms.rollback) : null;
}

/** AWS: once a task of the deployment was RUNNING, the circuit breaker counts tasks that are replaced for failed health checks. */
export function countUnhealthy(
  step: ClusterStep,
  { service, target }: ServiceView,
  stops: readonly PlannedStop[],
): void {
  const unhealthy = stops.filter(({ task, why }) => why === "unhealthy" && task.startedBy === target.id).length;
  if (service.status !== "ACTIVE" || unhealthy === 0) return;
  changeProgress(step, service.name, target.id, (progress) => ({
    ...progress,
    breakerCount: progress.breakerCount + unhealthy,
    lastFailureAt: step.now,
  }));
}

/** AWS: a healthy task resets what the circuit breaker counted; one that was started before the failure says nothing. */
export function forgetOldFailures(step: ClusterStep, { service, progress, keepers }: ServiceView): void {
  const { resetOnHealthyTask } = service.deploymentConfiguration.deploymentCircuitBreaker;
  const { lastFailureAt, breakerCount, hasRun } = progress;
  if (!resetOnHealthyTask || breakerCount === 0 || lastFailureAt === null || !hasRun) return;
  if (!keepers.some(({ isHealthy, task }) => isHealthy && (task.startedAt ?? 0) > lastFailureAt)) return;
  changeProgress(step, service.name, progress.deploymentId, (known) => ({ ...known, breakerCount: 0 }));
}

/** Ends the rollout when it is over; until then older deployments go that have no tasks any more. */
export function endIfRolledOut(step: ClusterStep, view: ServiceView): void {
  const { name } = view.service;
  if (isRolledOut(view) && hasBaked(step, view)) completeDeployment(step, name);
  else dropEmptyDeployments(step, name);
}

/** Drops the deployments that nothing comes of any more. */
function dropEmptyDeployments(step: ClusterStep, name: string): void {
  const rollout = rolloutOf(step.state, name);
  const { serviceIndex, tasks, serviceDeployments } = step.state;
  const failingId = serviceDeployments.get(rollout.serviceDeploymentId)?.deploymentId ?? null;
  let withTasks: ReadonlySet<unknown> | null = null;
  const left = withoutEmpty(rollout, failingId, (id) => {
    withTasks ??= new Set([...serviceIndex.book.taskIdsOf(name)].map((each) => tasks.get(each)?.startedBy));
    return withTasks.has(id);
  });
  if (left !== rollout) putRollout(step, left);
}

/** AWS: a rollout is over when the new deployment has its tasks, all healthy, and the older ones have none left. */
function isRolledOut({ service, target, keepers, leavers, ofOthers }: ServiceView): boolean {
  if (target.rolloutState !== "IN_PROGRESS" || ofOthers > 0 || keepers.length !== service.desiredCount) return false;
  // A daemon stays to the last on an instance that drains, which may take for ever.
  const isBeside = (leaves: LeaveReason | null) =>
    leaves === "lost" || (leaves === "draining" && service.schedulingStrategy === "DAEMON");
  return leavers.every(({ leaves }) => isBeside(leaves)) && keepers.every(({ isHealthy }) => isHealthy);
}

/** AWS: a rollout that alarms watch is held open for a while when it has all its tasks, since alarms come late. */
function hasBaked(step: ClusterStep, { service, rollout, target }: ServiceView): boolean {
  if (!service.deploymentConfiguration.alarms.enable) return true;
  if (target.bakesUntil !== null) return target.bakesUntil <= step.now;
  const bakesUntil = step.now + step.timeline.alarmBakeMs;
  putRollout(step, withDeployments(rollout, [{ ...target, bakesUntil }]));
  return false;
}
