import { must } from "../../lib/assert.ts";
import { containerInstanceArn } from "../arn.ts";
import type { ServiceView } from "../service-view/service-view.ts";
import { failedCheck } from "../service-view/task-checks.ts";
import type { PlanDraft } from "./plan-draft.ts";
import type { PlannedStop } from "./service-plan.ts";

/** Decides to stop tasks of a service, and what its events say about it. AWS: the texts. */
export function planStops(draft: PlanDraft, { target }: ServiceView, stops: readonly PlannedStop[]): void {
  if (stops.length === 0) return;
  const reasoned = stops.map((stop) => ({ ...stop, stoppedReason: stoppedReasonOf(stop, target.id) }));
  draft.add({ type: "stop", stops: reasoned });
  for (const { task, why } of stops) {
    if (why === "unhealthy") draft.say(checkOf(task).told(task.id));
    // AWS does not tell the words for this one.
    if (why === "violating") draft.say(`(task ${task.id}) no longer meets the placement constraints.`);
  }
  const rebalanced = stops.filter(({ why }) => why === "rebalanced");
  for (const { task } of rebalanced) {
    const { id, availabilityZone } = task;
    draft.say(`has stopped 1 running tasks in ${availabilityZone} due to AZ rebalancing: ${id}.`);
  }
  const others = stops.filter(({ why }) => why !== "rebalanced");
  const running = others.filter(({ task }) => task.lastStatus === "RUNNING").map(({ task }) => task.id);
  if (running.length > 0) draft.say(`has stopped ${running.length} running tasks: ${named(running)}.`);
  const pending = others.length - running.length;
  if (pending > 0) draft.say(`stopped ${pending} pending tasks.`);
  draft.say(null, "TASKS_STOPPED");
  const violating = stops.filter(({ why }) => why === "violating");
  if (violating.length > 0) sayViolated(draft, violating);
}

/** AWS: an event for daemons whose instance no longer meets the constraints. */
function sayViolated(draft: PlanDraft, stops: readonly PlannedStop[]): void {
  const { place, clusterName } = draft.sight;
  const ids = new Set(stops.flatMap(({ task }) => (task.instanceId === null ? [] : [task.instanceId])));
  const containerInstanceArns = [...ids].map((id) => containerInstanceArn(place, clusterName, id));
  draft.say(null, "SERVICE_DAEMON_PLACEMENT_CONSTRAINT_VIOLATED", { containerInstanceArns });
}

const checkOf = (task: PlannedStop["task"]) => must(failedCheck(task), "the check that a task fails");

/** AWS: the reason in the stopped task. */
function stoppedReasonOf({ task, why }: PlannedStop, targetId: string): string {
  if (why === "unhealthy") return checkOf(task).stoppedReason;
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
