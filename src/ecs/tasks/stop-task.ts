import { must } from "../../lib/assert.ts";
import type { ClusterStep } from "../cluster-step.ts";
import type { ContainerInstance } from "../container-instances/container-instance.ts";
import { isAgentConnected } from "../fargate/managed-host.ts";
import { limits } from "../limits.ts";
import { refuse } from "../refusals.ts";
import { advance, wantStopped } from "./advance.ts";
import { deliverTask } from "./deliver-tasks.ts";
import { describeTask } from "./describe-task.ts";
import type { StopCode, Task } from "./task.ts";
import { findTask } from "./task-request.ts";

export type StopTaskRequest = { readonly cluster?: string; readonly task?: string; readonly reason?: string };

/**
 * StopTask: desired becomes STOPPED with the caller's reason; the agent stops the containers. AWS: stopping a stopped
 * task is no error; an unknown one is `The referenced task was not found.`
 */
export function stopTask(step: ClusterStep, request: StopTaskRequest): { task: object } {
  const { task: reference = "", reason } = request;
  if (reference === "") refuse("InvalidParameterException", "Task cannot be empty.");
  if (reason !== undefined && reason.length > limits.stopReasonCharacters) {
    refuse("InvalidParameterException", `reason must be at most ${limits.stopReasonCharacters} characters long.`);
  }
  const task = findTask(step, reference);
  if (task === null) refuse("InvalidParameterException", "The referenced task was not found.");
  beginStop(step, task, "UserInitiated", reason === undefined || reason === "" ? "Task stopped by user" : reason);
  const after = must(step.state.tasks.get(task.id), "the task that was stopped");
  return { task: describeTask(step.state, after, { tags: true }) };
}

/** Wants `task` stopped and moves it as far as it goes without its agent; nothing when that was wanted before. */
export function beginStop(step: ClusterStep, task: Task, stopCode: StopCode, reason: string): void {
  if (task.desiredStatus === "STOPPED") return;
  let next = wantStopped(task, stopCode, reason, step.now);
  // AWS: while its agent is away a running task stays RUNNING as it was last known.
  if (task.lastStatus === "PROVISIONING" || isAgentConnected(step.state, task.instanceId))
    next = advance(next, "stop-wanted", step.now);
  step.changeTask(next);
  deliverTask(step, task.id);
}

/**
 * Takes the tasks of an instance that is deregistered by force off the books: STOPPED at once, resources and attachments
 * released; the containers run on unwatched. AWS: the stopped reason; stopCode is not documented, UserInitiated since
 * somebody asked for it.
 */
export function stopTasksOfDeregisteredInstance(step: ClusterStep, instance: ContainerInstance): void {
  for (const id of [...step.state.book.usageOf(instance.id).taskIds].sort()) {
    const task = must(step.state.tasks.get(id), "a task of the book");
    const reason = "Container instance deregistration forced by user";
    const wanted = wantStopped(task, "UserInitiated", reason, step.now);
    step.changeTask(advance(wanted, "instance-deregistered", step.now));
  }
}
