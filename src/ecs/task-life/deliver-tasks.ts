import { must } from "../../lib/assert.ts";
import type { Task } from "../documents/task.ts";
import { isAgentConnected } from "../fargate/hosts-for-tasks.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import type { TaskOrder } from "../state/effect.ts";
import { advance } from "./advance.ts";

/** True while an agent should know the task: its ENI is made and its containers are not yet over. */
export const belongsToAgent = (task: Task): boolean =>
  task.lastStatus === "PENDING" ||
  task.lastStatus === "ACTIVATING" ||
  task.lastStatus === "RUNNING" ||
  task.lastStatus === "DEACTIVATING" ||
  task.lastStatus === "STOPPING";

/** AWS: in DEACTIVATING the containers run on; their agent hears of the stop when the targets are deregistered. */
const isOrdered = (task: Task): boolean => belongsToAgent(task) && task.lastStatus !== "DEACTIVATING";

/** Only an agent that has the task can have reported this. */
const runsAsOrdered = (task: Task): boolean => task.lastStatus === "RUNNING" && task.desiredStatus === "RUNNING";

/** What the agent is to bring the task to. */
export const orderedStatus = (task: Task): "RUNNING" | "STOPPED" =>
  task.lastStatus === "DEACTIVATING" ? "RUNNING" : task.desiredStatus;

/** Sends the task, as it stands, to its agent when that is connected; otherwise it goes when the agent comes back. */
export function deliverTask(step: ClusterStep, taskId: string): void {
  const task = must(step.state.tasks.get(taskId), "a task to deliver");
  const { instanceId } = task;
  if (instanceId === null || !isAgentConnected(step.state, instanceId) || !isOrdered(task)) return;
  const at = step.effects.findLastIndex((effect) => "instanceId" in effect && effect.instanceId === instanceId);
  const last = step.effects[at];
  const order = orderOf(step, task);
  // Tasks of one step for one instance travel in one message.
  if (last?.type === "deliver-tasks") {
    step.effects[at] = { ...last, orders: [...last.orders, order] };
  } else {
    const sequence = step.nextAgentSequence(instanceId);
    step.effects.push({ type: "deliver-tasks", instanceId, sequence, orders: [order], isReturn: false });
  }
}

/**
 * What an agent is sent when it connects: its tasks, then the manifest, by which it finds tasks that do not belong to it. A new
 * process is sent every task, in case its disk is lost or old. One that only lost its connection still has the tasks that it
 * reported as RUNNING, and those it acknowledged, which its session leaves out: a payload of all tasks
 * has blocked an agent for more than a minute. Tasks that were to stop while it was away begin to stop.
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
