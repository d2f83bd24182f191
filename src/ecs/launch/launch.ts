import type { PlacementRequest } from "../documents/placement-request.ts";
import type { Candidate } from "../placement/candidate.ts";
import { freeGpus } from "../placement/filters/resources.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { deliverTask } from "../task-life/deliver-tasks.ts";
import { newTask, spotOn, type TaskSpot, type TaskTemplate } from "./new-task.ts";

/** Puts one task of `template` on the instance and sends it to the agent. Returns its id. `provider` is the one that the strategy chose. */
export function launch(
  step: ClusterStep,
  template: TaskTemplate,
  candidate: Candidate,
  provider: string | null = null,
): string {
  return launchIn(
    step,
    template,
    spotOn(candidate.instance, template, freeGpusFor(candidate, template.need.gpus), provider),
  );
}

/** The ids of the GPUs for a task that needs this many. */
export const freeGpusFor = (candidate: Candidate, gpus: number): readonly string[] =>
  gpus === 0 ? [] : freeGpus(candidate).slice(0, gpus);

/** Puts one task of `template` in a spot and, unless it waits for an instance, sends it to the agent there. Returns its id. */
export function launchIn(
  step: ClusterStep,
  template: TaskTemplate,
  spot: TaskSpot,
  waitingFor: PlacementRequest | null = null,
): string {
  const task = newTask(step, template, spot, waitingFor);
  if (!step.state.revisions.has(template.definition.arn)) {
    step.state.revisions.put(template.definition.arn, template.definition);
  }
  step.changeTask(task);
  // A task with an ENI goes to its agent once the ENI exists.
  deliverTask(step, task.id);
  return task.id;
}
