import { must } from "../../lib/assert.ts";
import { isFargateProvider } from "../documents/capacity-provider.ts";
import type { Deployment } from "../documents/deployment.ts";
import type { PlacementConstraint } from "../documents/placement-request.ts";
import type { Service } from "../documents/service.ts";
import { platformVersion } from "../fargate/platform-version.ts";
import { nextProvider } from "../launch/distribute.ts";
import { launch } from "../launch/launch.ts";
import { launchOnFargate } from "../launch/launch-on-fargate.ts";
import type { TaskTemplate } from "../launch/new-task.ts";
import { launchOrWait } from "../launch/waiting-launch.ts";
import { zoneOfSubnet } from "../launch/zone-of-subnet.ts";
import type { PlacementRefusal } from "../placement/candidate.ts";
import { anyEligible, candidateOf, placementFailures, placeTask } from "../placement/place-task.ts";
import { refusalAt } from "../service-plan/daemon-plan.ts";
import type { PlacementProblem } from "../service-plan/placement-problem.ts";
import { zoneAttribute } from "../service-plan/rebalanced-services.ts";
import type { Outcome, PlannedStart } from "../service-plan/service-plan.ts";
import { instanceRule } from "../service-view/instance-rule.ts";
import { placementOf, revisionOf, serviceTaskTemplate } from "../service-view/service-task-template.ts";
import { providerCounts, viewService } from "../service-view/service-view.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { rolloutOf } from "../state/service-documents.ts";

/** Starts the tasks of a plan, as far as there is room. */
export function startPlannedTasks(step: ClusterStep, service: Service, planned: PlannedStart): Outcome {
  const deployment = deploymentOf(step, service, planned.deploymentId);
  const { instanceIds, count } = planned;
  return instanceIds === null
    ? startServiceTasks(step, service, deployment, count)
    : startDaemons(step, service, deployment, count, instanceIds);
}

/** Starts one task in the first of the zones that has room for it. When none has, the problem is that of the first. */
export function moveServiceTask(
  step: ClusterStep,
  service: Service,
  { deploymentId, zones }: { readonly deploymentId: string; readonly zones: readonly string[] },
): Outcome {
  const deployment = deploymentOf(step, service, deploymentId);
  let first: PlacementProblem | null = null;
  for (const zone of zones) {
    const { taskIds, problem } = startServiceTasks(step, service, deployment, 1, zone);
    if (taskIds.length > 0) return { taskIds, problem: null, zone };
    first ??= problem;
  }
  return { taskIds: [], problem: first, zone: null };
}

const deploymentOf = ({ state }: ClusterStep, { name }: Service, deploymentId: string): Deployment =>
  must(
    rolloutOf(state, name).deployments.find(({ id }) => id === deploymentId),
    "the deployment of planned tasks",
  );

/** Starts up to `count` tasks, one on each of the instances; those without room are passed over. */
function startDaemons(
  step: ClusterStep,
  service: Service,
  deployment: Deployment,
  count: number,
  instanceIds: readonly string[],
): Outcome {
  const rule = instanceRule(step, service, deployment);
  const taskIds: string[] = [];
  const refusals: PlacementRefusal[] = [];
  for (const id of instanceIds) {
    if (taskIds.length === count) break;
    const candidate = must(candidateOf(step.state, id), "the instance of a daemon");
    const refusal = refusalAt(step, rule, candidate);
    if (refusal === null)
      taskIds.push(launch(step, rule.template, candidate, rule.requestOn(candidate.instance)?.capacityProvider));
    else refusals.push(refusal);
  }
  // By id, so that the same shortage is told in the same words.
  return { taskIds, problem: refusals.length === 0 ? null : { type: "refused", refusals }, zone: null };
}

/**
 * Starts up to `count` tasks of a deployment, each seeing the ones before. AWS: a capacity provider strategy holds over the
 * life of the service, so that its tasks that are there count. With `zone` they go to that Availability Zone.
 */
function startServiceTasks(
  step: ClusterStep,
  service: Service,
  deployment: Deployment,
  count: number,
  zone: string | null = null,
): Outcome {
  const template = serviceTaskTemplate(step, service, deployment);
  const { launchType, capacityProviderStrategy } = revisionOf(step, deployment);
  const counts = launchType === null ? providerCounts(viewService(step, service)) : new Map<string, number>();
  const hasRoom = (provider: string): boolean =>
    isFargateProvider(provider) || step.state.placement.fits(placementOf(service, template, "EC2", provider));
  const taskIds: string[] = [];
  while (taskIds.length < count) {
    const provider = launchType === null ? nextProvider(capacityProviderStrategy, counts, hasRoom) : null;
    const started = startOne(step, service, deployment, template, provider, zone);
    if (typeof started !== "string") return { taskIds, problem: started, zone: null };
    taskIds.push(started);
    if (provider !== null) counts.set(provider, (counts.get(provider) ?? 0) + 1);
  }
  return { taskIds, problem: null, zone: null };
}

function startOne(
  step: ClusterStep,
  service: Service,
  deployment: Deployment,
  template: TaskTemplate,
  provider: string | null,
  zone: string | null,
): string | PlacementProblem {
  const revision = revisionOf(step, deployment);
  if (revision.launchType === "FARGATE" || (provider !== null && isFargateProvider(provider))) {
    return startOnFargate(step, inZone(step, template, zone), revision.platformVersion, provider);
  }
  const request = placementOf(service, template, revision.launchType === "EXTERNAL" ? "EXTERNAL" : "EC2", provider);
  const bound = zone === null ? request : { ...request, constraints: [...request.constraints, onlyIn(zone)] };
  // A task that is to go to one zone does not wait for room there: the service has all its tasks.
  if (provider !== null && zone === null) return launchOrWait(step, template, bound) ?? { type: "too-many-wait" };
  const candidate = placeTask(step.state, bound, step.random("placement"));
  if (candidate !== null) return launch(step, template, candidate, provider);
  if (!anyEligible(step.state, bound)) return { type: "no-instances" };
  return { type: "refused", refusals: placementFailures(step.state, bound) };
}

const onlyIn = (zone: string): PlacementConstraint => ({
  type: "memberOf",
  expression: `attribute:${zoneAttribute} == ${zone}`,
});

/** On Fargate the subnet decides about the zone. */
function inZone({ place }: ClusterStep, template: TaskTemplate, zone: string | null): TaskTemplate {
  if (zone === null) return template;
  return {
    ...template,
    subnets: (template.subnets ?? []).filter((subnet) => zoneOfSubnet(place.region, subnet) === zone),
  };
}

function startOnFargate(
  step: ClusterStep,
  template: TaskTemplate,
  version: string | null,
  provider: string | null,
): string | PlacementProblem {
  // The server was started without hosts for Fargate since the service was made.
  if (step.configuration.managedHosts == null) return { type: "fargate", lacks: "capacity" };
  const providers = [provider !== null && isFargateProvider(provider) ? provider : null];
  const { taskIds, lacks } = launchOnFargate(step, template, {
    platformVersion: version ?? platformVersion(undefined),
    providers,
  });
  return taskIds[0] ?? { type: "fargate", lacks: lacks ?? "capacity" };
}
