import { hasTripped } from "../rollout/circuit-breaker.ts";
import { emptyDeployments, type FailureCause, type GivingUp } from "../rollout/rollout-changes.ts";
import { alarmsInAlarm, triggeredAlarms } from "../rollout/triggered-alarms.ts";
import type { LeaveReason, ServiceView } from "../service-view/service-view.ts";
import type { Sight } from "../service-view/sight.ts";
import { wantedIn } from "../service-view/task-sets.ts";
import type { PlanDraft } from "./plan-draft.ts";
import type { PlannedStop } from "./service-plan.ts";

/**
 * The decision to give up the target of a rollout, when that is asked for or when it failed too often; null otherwise. A user's request goes
 * before the service's own watch. AWS: a rollback goes to the newest deployment that was COMPLETED.
 */
export function givingUpOf({ state }: Sight, { service, rollout, target, progress }: ServiceView): GivingUp | null {
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
  draft: PlanDraft,
  { service, target }: ServiceView,
  stops: readonly PlannedStop[],
): void {
  const tasks = stops.filter(({ task, why }) => why === "unhealthy" && task.startedBy === target.id).length;
  if (service.status === "ACTIVE" && tasks > 0) draft.add({ type: "count-failures", deploymentId: target.id, tasks });
}

/** AWS: a healthy task resets what the circuit breaker counted; one that was started before the failure says nothing. */
export function forgetOldFailures(draft: PlanDraft, { service, target, progress, keepers }: ServiceView): void {
  const { resetOnHealthyTask } = service.deploymentConfiguration.deploymentCircuitBreaker;
  const { lastFailureAt, breakerCount, hasRun } = progress;
  if (!resetOnHealthyTask || breakerCount === 0 || lastFailureAt === null || !hasRun) return;
  if (!keepers.some(({ isHealthy, task }) => isHealthy && (task.startedAt ?? 0) > lastFailureAt)) return;
  draft.add({ type: "count-failures", deploymentId: target.id, tasks: null });
}

/** Ends the rollout when it is over; until then older deployments go that have no tasks any more. */
export function endIfRolledOut(draft: PlanDraft, view: ServiceView): void {
  const isOver = isRolledOut(view);
  if (isOver && hasBaked(draft, view)) draft.complete();
  else dropEmptyDeployments(draft);
}

/** AWS: a rollout is over when the new deployment has its tasks, all healthy, and the older ones have none left. */
function isRolledOut(view: ServiceView): boolean {
  const { service, target, keepers, leavers, ofOthers } = view;
  if (target.rolloutState !== "IN_PROGRESS" || ofOthers > 0 || keepers.length !== wantedIn(view)) return false;
  // A daemon stays to the last on an instance that drains, which may take for ever.
  const isBeside = (leaves: LeaveReason | null) =>
    leaves === "lost" || (leaves === "draining" && service.schedulingStrategy === "DAEMON");
  return leavers.every(({ leaves }) => isBeside(leaves)) && keepers.every(({ isHealthy }) => isHealthy);
}

/** AWS: a rollout that alarms watch is held open for a while when it has all its tasks, since alarms come late. */
function hasBaked(draft: PlanDraft, { service, target }: ServiceView): boolean {
  const { now, timeline } = draft.sight;
  if (!service.deploymentConfiguration.alarms.enable) return true;
  if (target.bakesUntil !== null) return target.bakesUntil <= now;
  draft.bake(now + timeline.alarmBakeMs);
  return false;
}

/** Drops the deployments that nothing comes of any more. */
function dropEmptyDeployments(draft: PlanDraft): void {
  const { serviceIndex, tasks, serviceDeployments } = draft.sight.state;
  const { service, rollout } = draft.documents;
  const failingId = serviceDeployments.get(rollout.serviceDeploymentId)?.deploymentId ?? null;
  let withTasks: ReadonlySet<unknown> | null = null;
  // An ordinary rollout has none that may go, so that its many tasks need not be asked.
  const empty = emptyDeployments(rollout, failingId, (id) => {
    withTasks ??= new Set([...serviceIndex.book.taskIdsOf(service.name)].map((each) => tasks.get(each)?.startedBy));
    return withTasks.has(id);
  });
  if (empty.length > 0) draft.drop(empty);
}
