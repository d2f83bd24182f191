import { isFargateProvider } from "../documents/capacity-provider.ts";
import type { PlacementRequest } from "../documents/placement-request.ts";
import { type Service, serviceNameOf } from "../documents/service.ts";
import { nextProvider } from "../launch/distribute.ts";
import type { TaskTemplate } from "../launch/new-task.ts";
import { limits } from "../limits.ts";
import { theService } from "../references/find-service.ts";
import { refuse } from "../refusals.ts";
import { placementOf, revisionOf, serviceTaskTemplate } from "../service-view/service-task-template.ts";
import { providerCounts, viewService } from "../service-view/service-view.ts";
import type { Given } from "../state/call.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import type { Rehearsal } from "../state/rehearsal.ts";
import { targetOfService } from "../state/service-documents.ts";
import { type TaskFailure, taskFailure } from "../task-life/task-failure.ts";
import {
  type ExplainPlacementReply,
  type ExplainPlacementRequest,
  explain,
  explainPlacement,
} from "../tasks/explain-placement.ts";

/** ExplainPlacement as it comes: of a task definition, or of a service. */
export type ExplainAnyPlacementRequest = ExplainPlacementRequest & { readonly service?: string };

/** What a service decides for its tasks. */
const decidedByService = [
  "taskDefinition",
  "launchType",
  "capacityProviderStrategy",
  "placementConstraints",
  "placementStrategy",
  "group",
  "overrides",
  "networkConfiguration",
] as const satisfies readonly (keyof ExplainPlacementRequest)[];

/**
 * ExplainPlacement of tasks of a task definition, or of 1 to 1,000 more tasks of a REPLICA service, placed as the service would
 * place them beside those that it has. With a service only the count may be said besides. Refuses what `explainPlacement` refuses
 * and an unknown service (ServiceNotFoundException) or one that is not ACTIVE (ServiceNotActiveException).
 */
export function explainAnyPlacement(
  step: ClusterStep,
  request: ExplainAnyPlacementRequest,
  given: Given,
): ExplainPlacementReply | Rehearsal {
  if (request.service === undefined) {
    if (given.taskDefinition === null) refuse("InvalidParameterException", "TaskDefinition can not be blank.");
    return explainPlacement(step, request, given);
  }
  step.isDryRun = true;
  const decided = decidedByService.find((member) => request[member] !== undefined);
  if (decided !== undefined) {
    refuse("InvalidParameterException", `The service decides about ${decided}: leave it out, or leave service out.`);
  }
  const count = request.count ?? 1;
  if (!Number.isInteger(count) || count < 1 || count > limits.tasksPerExplainPlacement) {
    refuse("InvalidParameterException", `count must be between 1 and ${limits.tasksPerExplainPlacement}.`);
  }
  const service = theService(step, request.service);
  if (service.status !== "ACTIVE") refuse("ServiceNotActiveException", "Service was not ACTIVE.");
  if (service.schedulingStrategy === "DAEMON") {
    refuse("InvalidParameterException", "A daemon goes to every container instance that it fits; it is not placed.");
  }
  const template = serviceTaskTemplate(step, service, targetOfService(step.state, service.name));
  return explain(step, template, placementsOf(step, service, template, count), newestFailures(step, service));
}

/** LIMIT: a few failures show what goes wrong; DescribeTasks has all of them for an hour. */
const failuresMax = 5;

/** The service's tasks that failed last, the newest first. */
function newestFailures({ state }: ClusterStep, service: Service): TaskFailure[] {
  const failures: TaskFailure[] = [];
  for (const task of state.tasks.values()) {
    const failure = serviceNameOf(task) === service.name ? taskFailure(task) : null;
    if (failure !== null) failures.push(failure);
  }
  return failures.sort((a, b) => b.stoppedAt - a.stoppedAt).slice(0, failuresMax);
}

/** The placement of each task; tasks of the same capacity provider share one. */
function placementsOf(step: ClusterStep, service: Service, template: TaskTemplate, count: number): PlacementRequest[] {
  const { launchType, capacityProviderStrategy } = revisionOf(step, targetOfService(step.state, service.name));
  const kind = launchType === "EXTERNAL" ? "EXTERNAL" : "EC2";
  if (launchType === "FARGATE") refuseFargate();
  if (launchType !== null) return Array<PlacementRequest>(count).fill(placementOf(service, template, kind, null));
  const counts = providerCounts(viewService(step, service));
  const byProvider = new Map<string, PlacementRequest>();
  const placementBy = (provider: string): PlacementRequest => {
    const placement = byProvider.get(provider) ?? placementOf(service, template, kind, provider);
    byProvider.set(provider, placement);
    return placement;
  };
  const hasRoom = (provider: string): boolean => step.state.placement.fits(placementBy(provider));
  return Array.from({ length: count }, () => {
    const provider = nextProvider(capacityProviderStrategy, counts, hasRoom);
    if (isFargateProvider(provider)) refuseFargate();
    counts.set(provider, (counts.get(provider) ?? 0) + 1);
    return placementBy(provider);
  });
}

function refuseFargate(): never {
  refuse("InvalidParameterException", "Tasks on Fargate are not placed on container instances.");
}
