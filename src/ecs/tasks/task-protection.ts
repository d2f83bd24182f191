import type { Task } from "../documents/task.ts";
import { refuse } from "../refusals.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { findTask, missingTask } from "./task-request.ts";

export type ProtectionReply = { readonly protectedTasks: readonly object[]; readonly failures: readonly object[] };

/**
 * Calls `each` for every task that protection can apply to, and collects the rest as failures.
 * AWS: MISSING for an unknown task, TASK_NOT_VALID for one that isn't a service's or has stopped, DEPLOYMENT_BLOCKED if `each` returns
 * null.
 */
export function overProtectableTasks(
  step: ClusterStep,
  references: readonly string[] | undefined,
  tasksMax: number,
  each: (task: Task) => Task | null,
): ProtectionReply {
  if (references === undefined || references.length === 0) {
    refuse("InvalidParameterException", "Tasks cannot be empty.");
  }
  if (references.length > tasksMax) {
    refuse("InvalidParameterException", `taskIds can have at most ${tasksMax} items.`);
  }
  const protectedTasks: object[] = [];
  const failures: object[] = [];
  for (const reference of references) {
    const task = findTask(step, reference);
    if (task === null) failures.push(missingTask(step, reference));
    else if (!task.group.startsWith("service:") || task.desiredStatus === "STOPPED") {
      const detail = "Task protection applies to running tasks of a service.";
      failures.push({ arn: task.arn, reason: "TASK_NOT_VALID", detail });
    } else {
      const done = each(task);
      if (done !== null) protectedTasks.push(describeProtection(step, done));
      else failures.push({ arn: task.arn, reason: "DEPLOYMENT_BLOCKED", detail: deploymentBlocked });
    }
  }
  return { protectedTasks, failures };
}

const deploymentBlocked = "A deployment of the service waits for tasks that are protected.";

function describeProtection(step: ClusterStep, task: Task): object {
  const on = task.protectedUntil !== null && task.protectedUntil > step.now;
  return { taskArn: task.arn, protectionEnabled: on, expirationDate: on ? task.protectedUntil : null };
}
