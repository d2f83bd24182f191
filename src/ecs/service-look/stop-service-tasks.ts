import { must } from "../../lib/assert.ts";
import { containerInstanceArn } from "../arn.ts";
import type { Service } from "../documents/service.ts";
import type { Task } from "../documents/task.ts";
import { announceAction, tellService } from "../rollout/service-announcements.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { rolloutOf } from "../state/service-documents.ts";
import { beginStop } from "../task-life/begin-stop.ts";
import type { PlannedStop, StopReason } from "./replica-plan.ts";
import { failedCheck } from "./task-checks.ts";

/** Stops tasks of a service and tells so in its events. AWS: stopCode ServiceSchedulerInitiated; the texts. */
export function stopServiceTasks(step: ClusterStep, service: Service, stops: readonly PlannedStop[]): void {
  if (stops.length === 0) return;
  const running: string[] = [];
  const rebalanced: Task[] = [];
  let pending = 0;
  const { targetId } = rolloutOf(step.state, service.name);
  for (const { task, why } of stops) {
    const current = must(step.state.tasks.get(task.id), "a task of a service");
    if (why === "rebalanced") rebalanced.push(current);
    else if (current.lastStatus === "RUNNING") running.push(task.id);
    else pending += 1;
    const failed = why === "unhealthy" ? must(failedCheck(current), "the check that a task fails") : null;
    if (failed !== null) tellService(step, service.name, failed.told(task.id));
    // AWS does not tell the words for this one.
    if (why === "violating")
      tellService(step, service.name, `(task ${task.id}) no longer meets the placement constraints.`);
    beginStop(step, current, "ServiceSchedulerInitiated", failed?.stoppedReason ?? stoppedReason(targetId, why));
  }
  for (const { id, availabilityZone } of rebalanced) {
    tellService(step, service.name, `has stopped 1 running tasks in ${availabilityZone} due to AZ rebalancing: ${id}.`);
  }
  if (running.length > 0) {
    const { length } = running;
    tellService(step, service.name, `has stopped ${length} running tasks: ${named(running)}.`);
  }
  if (pending > 0) tellService(step, service.name, `stopped ${pending} pending tasks.`);
  announceAction(step, service, "TASKS_STOPPED");
  const violating = stops.filter(({ why }) => why === "violating");
  if (violating.length > 0) announceViolation(step, service, violating);
}

/** AWS: an event for daemons whose instance no longer meets the constraints. */
function announceViolation(step: ClusterStep, service: Service, stops: readonly PlannedStop[]): void {
  const ids = new Set(stops.flatMap(({ task }) => (task.instanceId === null ? [] : [task.instanceId])));
  const containerInstanceArns = [...ids].map((id) => containerInstanceArn(step.place, step.clusterName, id));
  announceAction(step, service, "SERVICE_DAEMON_PLACEMENT_CONSTRAINT_VIOLATED", { containerInstanceArns });
}

function stoppedReason(targetId: string, why: StopReason): string {
  return why === "rebalanced"
    ? `Availability-zone rebalancing initiated by (deployment ${targetId})`
    : `Scaling activity initiated by (deployment ${targetId})`;
}

/** LIMIT: a line of events that names more tasks than anybody reads only fills the store. */
const namedMax = 100;

/** The tasks of an event, as ECS names them. */
export function named(taskIds: readonly string[]): string {
  const shown = taskIds.slice(0, namedMax).map((id) => `(task ${id})`);
  const more = taskIds.length - shown.length;
  return more > 0 ? `${shown.join(" ")} and ${more} more` : shown.join(" ");
}
