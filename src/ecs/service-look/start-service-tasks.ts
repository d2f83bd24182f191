import { isFargateProvider } from "../documents/capacity-provider.ts";
import type { Deployment } from "../documents/deployment.ts";
import type { PlacementConstraint } from "../documents/placement-request.ts";
import type { Service } from "../documents/service.ts";
import { platformVersion } from "../fargate/platform-version.ts";
import { nextProvider } from "../launch/distribute.ts";
import { launch } from "../launch/launch.ts";
import { launchOnFargate, zoneOfSubnet } from "../launch/launch-on-fargate.ts";
import type { TaskTemplate } from "../launch/new-task.ts";
import { launchOrWait } from "../launch/waiting-launch.ts";
import { anyEligible, placementFailures, placeTask } from "../placement/place-task.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import type { PlacementProblem } from "./placement-problem.ts";
import { zoneAttribute } from "./rebalanced-services.ts";
import { placementOf, revisionOf, serviceTaskTemplate } from "./service-task-template.ts";
import { viewService } from "./service-view.ts";

/** What came of starting tasks: those that were, and why no more were. */
export type Started = { readonly taskIds: readonly string[]; readonly problem: PlacementProblem | null };

/**
 * Starts up to `count` tasks of a deployment, each seeing the ones before. AWS: a capacity provider strategy holds over the
 * life of the service, so that its tasks that are there count. With `zone` they go to that Availability Zone.
 */
export function startServiceTasks(
  step: ClusterStep,
  service: Service,
  deployment: Deployment,
  count: number,
  zone: string | null = null,
): Started {
  const template = serviceTaskTemplate(step, service, deployment);
  const { launchType, capacityProviderStrategy } = revisionOf(step, deployment);
  const counts = launchType === null ? providerCounts(step, service) : new Map<string, number>();
  const hasRoom = (provider: string): boolean =>
    isFargateProvider(provider) || step.state.placement.fits(placementOf(service, template, "EC2", provider));
  const taskIds: string[] = [];
  while (taskIds.length < count) {
    const provider = launchType === null ? nextProvider(capacityProviderStrategy, counts, hasRoom) : null;
    const started = startOne(step, service, deployment, template, provider, zone);
    if (typeof started !== "string") return { taskIds, problem: started };
    taskIds.push(started);
    if (provider !== null) counts.set(provider, (counts.get(provider) ?? 0) + 1);
  }
  return { taskIds, problem: null };
}

/**
 * How many tasks of the service each capacity provider has, those that are on their way out left aside: the base and the
 * weights are to hold when they are gone.
 */
export function providerCounts({ state, now }: ClusterStep, service: Service): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { task } of viewService(state, service, now).keepers) {
    const { capacityProviderName } = task;
    if (capacityProviderName !== null) counts.set(capacityProviderName, (counts.get(capacityProviderName) ?? 0) + 1);
  }
  return counts;
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
