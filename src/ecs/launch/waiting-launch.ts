import { must } from "../../lib/assert.ts";
import type { PlacementRequest } from "../documents/placement-request.ts";
import type { Task } from "../documents/task.ts";
import { limits } from "../limits.ts";
import type { Candidate } from "../placement/candidate.ts";
import { placeTask } from "../placement/place-task.ts";
import { refuse } from "../refusals.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { advance } from "../task-life/advance.ts";
import { deliverTask } from "../task-life/deliver-tasks.ts";
import { freeGpusFor, launch, launchIn } from "./launch.ts";
import {
  effectiveContainers,
  gpuIdsByContainer,
  hostMembers,
  spotWithoutInstance,
  type TaskTemplate,
} from "./new-task.ts";

/**
 * Starts a task of `template` on an instance of the request's capacity provider or, if none has room, as one that waits in PROVISIONING.
 * Returns its id, or null if as many tasks wait as are allowed.
 * DIFFERS: in AWS tasks wait for capacity only under managed scaling; here they do for every provider except the Fargate ones, because somebody else starts the machines.
 */
export function launchOrWait(step: ClusterStep, template: TaskTemplate, request: PlacementRequest): string | null {
  const provider = must(request.capacityProvider, "the capacity provider of a task by a strategy");
  const candidate = placeTask(step.state, request, step.random("placement"));
  if (candidate !== null) return launch(step, template, candidate, provider);
  if (step.state.waitingTasks.size >= limits.tasksWaitingForCapacity) return null;
  return launchIn(step, template, spotWithoutInstance(template, provider), request);
}

/** Starts a task for each of the providers, waiting if necessary, and returns their ids. AWS: the refusal if too many wait. */
export function launchByProviders(
  step: ClusterStep,
  template: TaskTemplate,
  placement: PlacementRequest,
  providers: readonly string[],
): string[] {
  const requests = new Map(providers.map((capacityProvider) => [capacityProvider, { ...placement, capacityProvider }]));
  return providers.map((provider) => {
    const id = launchOrWait(step, template, must(requests.get(provider), "the request of a provider"));
    return id ?? refuse("ClientException", "Tasks provisioning capacity limit exceeded.");
  });
}

/** Puts a waiting task on an instance. From then on it is like one placed at once. */
export function placeWaiting(step: ClusterStep, task: Task, candidate: Candidate): void {
  const { need } = must(task.waitingFor, "what a task waits for");
  const definition = must(step.state.revisions.get(task.taskDefinitionArn), "the revision of a task");
  const gpuIds = freeGpusFor(candidate, need.gpus);
  const given = gpuIdsByContainer(effectiveContainers(definition, task.overrides), gpuIds);
  const placed: Task = {
    ...task,
    ...hostMembers(candidate.instance),
    waitingFor: null,
    // The timeout of its ENI starts now.
    statusSince: step.now,
    reservation: { ...task.reservation, gpuIds },
    containers: task.containers.map((container, index) => ({ ...container, gpuIds: given[index] ?? [] })),
  };
  step.changeTask(placed.attachments.length === 0 ? advance(placed, "placed", step.now) : placed);
  deliverTask(step, task.id);
}
