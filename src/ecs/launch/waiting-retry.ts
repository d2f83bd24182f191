import { must } from "../../lib/assert.ts";
import type { PlacementRequest } from "../documents/placement-request.ts";
import type { Task } from "../documents/task.ts";
import { placementFailures, placeTask } from "../placement/place-task.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { advance, wantStopped } from "../task-life/advance.ts";
import { placeWaiting } from "./waiting-launch.ts";

/** Tries to place the tasks that wait for capacity, oldest first, if that is due at `step.now`. */
export function placeWaitingTasks(step: ClusterStep): void {
  const { waitingTasks, tasks } = step.state;
  const lookAt = waitingTasks.lookAt(step.timeline);
  if (lookAt === null || lookAt > step.now) return;
  waitingTasks.looked(step.now);
  const waiting = [...waitingTasks.ids()].map((id) => must(tasks.get(id), "a task that waits")).sort(byAge);
  // Room only shrinks here, so a need that fits nowhere isn't tried again.
  const fitsNowhere = new Set<string>();
  for (const task of waiting) {
    const request = must(task.waitingFor, "what a task waits for");
    const question = JSON.stringify(request);
    if (fitsNowhere.has(question)) continue;
    const candidate = placeTask(step.state, request, step.random("placement"));
    if (candidate === null) fitsNowhere.add(question);
    else placeWaiting(step, task, candidate);
  }
}

const byAge = (a: Task, b: Task): number => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1);

/** Stops a task that has waited as long as allowed. AWS: the text of the reason. */
export function giveUpWaiting(step: ClusterStep, task: Task): void {
  const reason = `TaskFailedToStart: ${whyNotPlaced(step, must(task.waitingFor, "what a task waits for"))}`;
  step.changeTask(advance(wantStopped(task, "TaskFailedToStart", reason, step.now), "start-failed", step.now));
}

function whyNotPlaced(step: ClusterStep, request: PlacementRequest): string {
  const { instances } = step.state;
  const ofProvider = [...instances.values()].filter(
    ({ status, capacityProviderName }) => status !== "INACTIVE" && capacityProviderName === request.capacityProvider,
  );
  if (ofProvider.length === 0) return "EMPTY CAPACITY PROVIDER";
  if (ofProvider.every(({ status }) => status !== "ACTIVE")) return "NO ACTIVE INSTANCES";
  const [closest] = placementFailures(step.state, request);
  return closest === undefined ? "RESOURCE:*" : closest.reason.replace(/\.$/, "");
}
