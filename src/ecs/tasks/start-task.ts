import { containerInstanceArn, namedResource } from "../arn.ts";
import type { PlacementRequest } from "../documents/placement-request.ts";
import { launch } from "../launch/launch.ts";
import type { TaskTemplate } from "../launch/new-task.ts";
import { limits } from "../limits.ts";
import { checkedPlacement } from "../placement/checked-placement.ts";
import { candidateOf, refusalOn } from "../placement/place-task.ts";
import { refuse } from "../refusals.ts";
import type { Given } from "../state/call.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { describeTask } from "./describe-task.ts";
import type { TaskReply } from "./run-task.ts";
import { requestedTaskTemplate, type TaskRequest } from "./task-request.ts";

export type StartTaskRequest = TaskRequest & {
  readonly cluster?: string;
  readonly containerInstances?: readonly string[];
};

type StartFailure = { readonly arn: string; readonly reason: string; readonly detail?: string };

/**
 * StartTask: one task on each of 1 to 10 named instances. AWS: the call has no strategies or constraints, but resources, attributes, ports
 * and the agent are checked; if the task doesn't fit, that is a failure for the instance. AWS doesn't document whether the task
 * definition's constraints count. Here they do, because they say where its tasks can run.
 */
export function startTask(step: ClusterStep, request: StartTaskRequest, given: Given): TaskReply {
  const references = request.containerInstances ?? [];
  if (references.length === 0) refuse("InvalidParameterException", "Container Instances cannot be empty.");
  if (references.length > limits.instancesPerStartTask) {
    refuse("InvalidParameterException", `instanceIds can have at most ${limits.instancesPerStartTask} items.`);
  }
  const template = requestedTaskTemplate(step, request, given, limits.startedByCharactersStartTask);
  // What Fargate alone can run, such as ephemeral storage, would be without effect on an instance.
  const { compatibilities } = template.definition;
  if (!compatibilities.includes("EC2") && !compatibilities.includes("EXTERNAL")) {
    refuse("InvalidParameterException", "Task definition does not support launch_type EC2.");
  }
  const placement = checkedPlacement(template, {}, "EC2");
  const placements = { EC2: placement, EXTERNAL: { ...placement, launchType: "EXTERNAL" } } as const;
  const taskIds: string[] = [];
  const failures: StartFailure[] = [];
  for (const reference of references) {
    const started = startOn(step, template, placements, reference);
    if (typeof started === "string") taskIds.push(started);
    else failures.push(started);
  }
  const tasks = taskIds.map((id) => step.state.tasks.get(id)).filter((task) => task !== undefined);
  return { tasks: tasks.map((task) => describeTask(step.state, task, { tags: true })), failures };
}

/** The id of the started task, or why none was started. */
function startOn(
  step: ClusterStep,
  template: TaskTemplate,
  placements: Readonly<Record<"EC2" | "EXTERNAL", PlacementRequest>>,
  reference: string,
): string | StartFailure {
  const id = namedResource(step.place, step.clusterName, "container-instance", reference);
  const arn = reference.startsWith("arn:") ? reference : containerInstanceArn(step.place, step.clusterName, reference);
  const candidate = candidateOf(step.state, id);
  if (candidate === null) return { arn, reason: "MISSING" };
  const refusal = refusalOn(step.state, placements[candidate.instance.external ? "EXTERNAL" : "EC2"], candidate);
  if (refusal !== null) return { arn, reason: refusal.reason, detail: refusal.detail };
  return launch(step, template, candidate);
}
