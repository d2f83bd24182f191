import { limits } from "../limits.ts";
import { refuse } from "../refusals.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { describeTask } from "./describe-task.ts";
import type { TaskReply } from "./run-task.ts";
import { findTask, missingTask } from "./task-request.ts";

export type DescribeTasksRequest = {
  readonly cluster?: string;
  readonly tasks?: readonly string[];
  readonly include?: readonly string[];
};

/** DescribeTasks: up to 100 tasks; unknown ones are failures MISSING. AWS: stopped tasks are shown for an hour. */
export function describeTasks(step: ClusterStep, request: DescribeTasksRequest): TaskReply {
  const references = request.tasks ?? [];
  if (references.length === 0) refuse("InvalidParameterException", "Tasks cannot be empty.");
  if (references.length > limits.idsPerDescribeTasks) {
    refuse("InvalidParameterException", `taskIds can have at most ${limits.idsPerDescribeTasks} items.`);
  }
  for (const field of request.include ?? []) {
    if (field !== "TAGS") refuse("InvalidParameterException", "include must be one of [TAGS].");
  }
  const tags = (request.include ?? []).includes("TAGS");
  const tasks: object[] = [];
  const failures: object[] = [];
  for (const reference of references) {
    const task = findTask(step, reference);
    if (task === null) failures.push(missingTask(step, reference));
    else tasks.push(describeTask(step.state, task, { tags }));
  }
  return { tasks, failures };
}
