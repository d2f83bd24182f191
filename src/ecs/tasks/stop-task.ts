import { must } from "../../lib/assert.ts";
import { limits } from "../limits.ts";
import { refuse } from "../refusals.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { beginStop } from "../task-life/begin-stop.ts";
import { describeTask } from "./describe-task.ts";
import { findTask } from "./task-request.ts";

export type StopTaskRequest = { readonly cluster?: string; readonly task?: string; readonly reason?: string };

/**
 * StopTask: sets the desired status to STOPPED with the caller's reason; the agent stops the containers. AWS: stopping a stopped task
 * succeeds; an unknown one is `The referenced task was not found.`
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
