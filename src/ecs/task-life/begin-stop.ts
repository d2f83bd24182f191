import { must } from "../../lib/assert.ts";
import type { ContainerInstance } from "../documents/container-instance.ts";
import type { StopCode, Task } from "../documents/task.ts";
import { isAgentConnected } from "../fargate/hosts-for-tasks.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { advance, wantStopped } from "./advance.ts";
import { deliverTask } from "./deliver-tasks.ts";

/** Sets the task's desired status to STOPPED and moves it as far as possible without its agent. Does nothing if that was done before. */
export function beginStop(step: ClusterStep, task: Task, stopCode: StopCode, reason: string): void {
  if (task.desiredStatus === "STOPPED") return;
  let next = wantStopped(task, stopCode, reason, step.now);
  // AWS: while its agent is away, a running task stays RUNNING, its last known status.
  if (task.lastStatus === "PROVISIONING" || isAgentConnected(step.state, task.instanceId))
    next = advance(next, "stop-wanted", step.now);
  step.changeTask(next);
  deliverTask(step, task.id);
}

/**
 * Makes the tasks of a forcibly deregistered instance STOPPED at once and releases their resources and attachments; the containers keep
 * running unwatched. AWS: the stopped reason; stopCode is undocumented, so UserInitiated, since somebody asked for it.
 */
export function stopTasksOfDeregisteredInstance(step: ClusterStep, instance: ContainerInstance): void {
  for (const id of [...step.state.book.usageOf(instance.id).taskIds].sort()) {
    const task = must(step.state.tasks.get(id), "a task of the book");
    const reason = "Container instance deregistration forced by user";
    const wanted = wantStopped(task, "UserInitiated", reason, step.now);
    step.changeTask(advance(wanted, "instance-deregistered", step.now));
  }
}
