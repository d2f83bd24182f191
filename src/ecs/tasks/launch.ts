import type { ClusterStep } from "../cluster-step.ts";
import type { Candidate } from "../placement/candidate.ts";
import { freeGpus } from "../placement/filters/resources.ts";
import { deliverTask } from "./deliver-tasks.ts";
import { newTask, spotOn, type TaskPlan, type TaskSpot } from "./new-task.ts";

/** Puts one task of `plan` on the instance and sends it to the agent. Gives its id. */
export function launch(step: ClusterStep, plan: TaskPlan, candidate: Candidate): string {
  const gpuIds = plan.need.gpus === 0 ? [] : freeGpus(candidate).slice(0, plan.need.gpus);
  return launchIn(step, plan, spotOn(candidate.instance, plan, gpuIds));
}

/** Puts one task of `plan` in a spot and sends it to the agent there. Gives its id. */
export function launchIn(step: ClusterStep, plan: TaskPlan, spot: TaskSpot): string {
  const task = newTask(step, plan, spot);
  if (!step.state.revisions.has(plan.definition.arn)) {
    step.state.revisions.put(plan.definition.arn, plan.definition);
  }
  step.changeTask(task);
  // A task with an ENI goes to its agent when the ENI is made.
  deliverTask(step, task.id);
  return task.id;
}
