import { containerInstanceArn, resourceId } from "../arn.ts";
import type { Given } from "../call.ts";
import type { ClusterStep } from "../cluster-step.ts";
import { limits } from "../limits.ts";
import { candidateOf, refusingFilter } from "../placement/place-task.ts";
import { refuse } from "../refusals.ts";
import { describeTask } from "./describe-task.ts";
import { launch } from "./launch.ts";
import type { TaskPlan } from "./new-task.ts";
import type { TaskReply } from "./run-task.ts";
import { planTasks, type TaskRequest } from "./task-request.ts";

export type StartTaskRequest = TaskRequest & {
  readonly cluster?: string;
  readonly containerInstances?: readonly string[];
};

type StartFailure = { readonly arn: string; readonly reason: string; readonly detail?: string };

/**
 * StartTask: one task on each of 1 to 10 named instances. AWS: strategies and constraints do not apply, but resources,
 * attributes, ports and the agent are checked; what does not fit is a failure of that instance.
 */
export function startTask(step: ClusterStep, request: StartTaskRequest, given: Given): TaskReply {
  const references = request.containerInstances ?? [];
  if (references.length === 0) refuse("InvalidParameterException", "Container Instances cannot be empty.");
  if (references.length > limits.instancesPerStartTask) {
    refuse("InvalidParameterException", `instanceIds can have at most ${limits.instancesPerStartTask} items.`);
  }
  const plan = planTasks(step, request, given, limits.startedByCharactersStartTask);
  // What Fargate alone can run, such as ephemeral storage, would be without effect on an instance.
  const { compatibilities } = plan.definition;
  if (!compatibilities.includes("EC2") && !compatibilities.includes("EXTERNAL")) {
    refuse("InvalidParameterException", "Task definition does not support launch_type EC2.");
  }
  const taskIds: string[] = [];
  const failures: StartFailure[] = [];
  for (const reference of references) {
    const started = startOn(step, plan, reference);
    if (typeof started === "string") taskIds.push(started);
    else failures.push(started);
  }
  const tasks = taskIds.map((id) => step.state.tasks.get(id)).filter((task) => task !== undefined);
  return { tasks: tasks.map((task) => describeTask(step.state, task, { tags: true })), failures };
}

/** The id of the task started there, or why none was. */
function startOn(step: ClusterStep, plan: TaskPlan, reference: string): string | StartFailure {
  const id = resourceId(step.place, step.clusterName, "container-instance", reference);
  const arn = reference.startsWith("arn:") ? reference : containerInstanceArn(step.place, step.clusterName, reference);
  const candidate = id === null ? null : candidateOf(step.state, id);
  if (candidate === null) return { arn, reason: "MISSING" };
  const { instance } = candidate;
  if (instance.status === "INACTIVE" || instance.status === "DEREGISTERING") return { arn, reason: "INACTIVE" };
  // AWS publishes no reason for an instance that is registered and takes no tasks: its status says it best.
  if (instance.status !== "ACTIVE") {
    return { arn, reason: instance.status, detail: `The container instance is ${instance.status}.` };
  }
  const filter = refusingFilter(plan.need, candidate);
  if (filter !== null) return { arn, reason: filter.reason, detail: filter.explain(plan.need, candidate) };
  return launch(step, plan, candidate);
}
