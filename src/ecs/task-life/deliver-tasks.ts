import { must } from "../../lib/assert.ts";
import type { Task } from "../documents/task.ts";
import { isAgentConnected } from "../fargate/hosts-for-tasks.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import type { TaskOrder } from "../state/effect.ts";
import { advance } from "./advance.ts";

/** True while an agent should know the task: its ENI exists and its containers have not stopped. */
export const belongsToAgent = (task: Task): boolean =>
  task.lastStatus === "PENDING" ||
  task.lastStatus === "ACTIVATING" ||
  task.lastStatus === "RUNNING" ||
  task.lastStatus === "DEACTIVATING" ||
  task.lastStatus === "STOPPING";

/** AWS: in DEACTIVATING the containers keep running; their agent gets the stop once the targets are deregistered. */
const isOrdered = (task: Task): boolean => belongsToAgent(task) && task.lastStatus !== "DEACTIVATING";

/** Only an agent that has the task can have reported this. */
const runsAsOrdered = (task: Task): boolean => task.lastStatus === "RUNNING" && task.desiredStatus === "RUNNING";

/** The status that the agent must bring the task to. */
export const orderedStatus = (task: Task): "RUNNING" | "STOPPED" =>
  task.lastStatus === "DEACTIVATING" ? "RUNNING" : task.desiredStatus;

/** Sends the task to its agent if that is connected; otherwise the agent gets it when it comes back. */
export function deliverTask(step: ClusterStep, taskId: string): void {
  const task = must(step.state.tasks.get(taskId), "a task to deliver");
  const { instanceId } = task;
  if (instanceId === null || !isAgentConnected(step.state, instanceId) || !isOrdered(task)) return;
  const at = step.effects.findLastIndex((effect) => "instanceId" in effect && effect.instanceId === instanceId);
  const last = step.effects[at];
  const order = orderOf(step, task);
  // One message carries all tasks of a step for one instance.
  if (last?.type === "deliver-tasks") {
    step.effects[at] = { ...last, orders: [...last.orders, order] };
  } else {
    const sequence = step.nextAgentSequence(instanceId);
    step.effects.push({ type: "deliver-tasks", instanceId, sequence, orders: [order], isReturn: false });
  }
}

/**
 * Sends an agent that connects its tasks, then the manifest, from which it finds tasks that don't belong to it. A new process gets every
 * task, because its disk may be lost or old. One that only lost its connection still has the tasks that it reported RUNNING and those it
 * acknowledged, so its session leaves them out: a payload of all tasks has blocked an agent for more than a minute. Tasks that should stop
 * since it was away begin to stop.
 */
export function deliverOnConnect(step: ClusterStep, instanceId: string, isNewProcess: boolean): void {
  const ids = [...step.state.book.usageOf(instanceId).taskIds].sort();
  for (const id of ids) {
    const task = must(step.state.tasks.get(id), "a task of the book");
    if (task.desiredStatus !== "STOPPED") continue;
    const moved = advance(task, "stop-wanted", step.now);
    if (moved !== task) step.changeTask(moved);
  }
  const tasks = ids.map((id) => must(step.state.tasks.get(id), "a task of the book")).filter(belongsToAgent);
  const ordered = tasks.filter((task) => isOrdered(task) && (isNewProcess || !runsAsOrdered(task)));
  if (ordered.length > 0) {
    const sequence = step.nextAgentSequence(instanceId);
    const orders = ordered.map((task) => orderOf(step, task));
    step.effects.push({ type: "deliver-tasks", instanceId, sequence, orders, isReturn: !isNewProcess });
  }
  const manifest = tasks.map((task) => ({ arn: task.arn, desiredStatus: orderedStatus(task) }));
  const sequence = step.nextAgentSequence(instanceId);
  step.effects.push({ type: "deliver-manifest", instanceId, sequence, tasks: manifest });
}

function orderOf(step: ClusterStep, task: Task): TaskOrder {
  return { task, definition: must(step.state.revisions.get(task.taskDefinitionArn), "the revision of a task") };
}
