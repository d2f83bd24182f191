import { type DeploymentProgress, noBackoff } from "../documents/deployment-progress.ts";
import { serviceNameOf } from "../documents/service.ts";
import type { Task } from "../documents/task.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { conditionOf } from "../state/service-documents.ts";
import { failureText, taskFailure } from "../task-life/task-failure.ts";
import { changeProgress } from "./change-standing.ts";
import { tellService } from "./service-announcements.ts";
import { toldWith } from "./service-impediment.ts";
import { startFailed } from "./start-backoff.ts";

/**
 * Notes in the progress of a task's deployment what the task shows, in the step in which it happens: a first RUNNING task clears earlier
 * failures; a task that stops without having been RUNNING is a failure. Says in the service's events why a task failed.
 * AWS: failedTasks counts failures in a row; the circuit breaker counts them until the first task is RUNNING; only a task
 * that nobody stopped has failed.
 */
export function noteTaskOfService(step: ClusterStep, before: Task, after: Task): void {
  if (before.lastStatus === after.lastStatus) return;
  const name = serviceNameOf(after);
  if (name === null) return;
  if (after.lastStatus === "RUNNING") {
    changeProgress(step, name, after.startedBy ?? "", (progress) => (isClear(progress) ? progress : cleared(progress)));
    return;
  }
  const failure = taskFailure(after);
  if (failure === null) return;
  if (after.startedAt === null) {
    changeProgress(step, name, after.startedBy ?? "", (progress) => failed(step, progress, after));
  }
  // DIFFERS: a service's events say why its tasks fail, each reason once until the service is steady again. AWS shows it only in the tasks.
  tellTaskFailure(step, name, after.id, failureText(failure));
}

/** Adds a line about a failed task to the service's events unless they said the same of another one. */
function tellTaskFailure(step: ClusterStep, serviceName: string, taskId: string, failure: string): void {
  const { state, now, timeline } = step;
  if (!state.services.has(serviceName)) return;
  const condition = conditionOf(state, serviceName);
  const impedimentsTold = toldWith(condition, `task failed: ${failure}`, now, timeline);
  if (impedimentsTold === null) return;
  state.serviceConditions.put(serviceName, { ...condition, impedimentsTold });
  tellService(step, serviceName, `(task ${taskId}) stopped: ${failure}`);
}

const isClear = ({ hasRun, failedTasks, startBackoff }: DeploymentProgress): boolean =>
  hasRun && failedTasks === 0 && startBackoff.rounds === 0;

const cleared = (progress: DeploymentProgress): DeploymentProgress => ({
  ...progress,
  failedTasks: 0,
  hasRun: true,
  // AWS: failures of the time before are no longer looked at; from now on failed health checks count.
  breakerCount: progress.hasRun ? progress.breakerCount : 0,
  startBackoff: noBackoff,
});

function failed(step: ClusterStep, progress: DeploymentProgress, task: Task): DeploymentProgress {
  return {
    ...progress,
    failedTasks: progress.failedTasks + 1,
    breakerCount: progress.breakerCount + (progress.hasRun ? 0 : 1),
    lastFailureAt: step.now,
    startBackoff: startFailed(progress.startBackoff, task.createdAt, step.now, step.timeline),
  };
}
