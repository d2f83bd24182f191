import { must } from "../../lib/assert.ts";
import { whyNoFargateSize } from "../definition-rules/task-size.ts";
import type { FargateLack, FargateProvider } from "../documents/fargate-use.ts";
import { hostForTask } from "../fargate/hosts-for-tasks.ts";
import { mayUseFargate } from "../fargate/use-fargate.ts";
import { limits } from "../limits.ts";
import { refuse } from "../refusals.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { launchIn } from "./launch.ts";
import type { TaskTemplate } from "./new-task.ts";
import { zoneOfSubnet } from "./zone-of-subnet.ts";

/** How a call runs its tasks on Fargate. */
export type FargateLaunch = {
  readonly platformVersion: string;
  /** The provider of each task, in order; null for the launch type FARGATE. */
  readonly providers: readonly (FargateProvider | null)[];
};

type RuntimePlatform = { readonly cpuArchitecture?: string; readonly operatingSystemFamily?: string };

/** Refuses a template that Fargate can't run although its task definition allows it. AWS: the text for a size that doesn't exist. */
export function checkFargateTemplate(step: ClusterStep, template: TaskTemplate): void {
  const { managedHosts } = step.configuration;
  const { family, revision } = template.definition;
  if (managedHosts === undefined || managedHosts === null) {
    // DIFFERS: a server started without hosts for Fargate refuses Fargate tasks, because nothing would ever run them.
    refuse("UnsupportedFeatureException", "This Berth runs no hosts for Fargate: start it with --fargate auto.");
  }
  const isWindows = platformOf(template).operatingSystemFamily?.startsWith("WINDOWS") === true;
  const noSize = whyNoFargateSize(template.need.cpu, template.need.memoryMiB, isWindows);
  if (noSize !== null) refuse("ClientException", noSize);
  if (isWindows) {
    // DIFFERS: Windows tasks are refused on Fargate: Berth's hosts run Linux.
    refuse(
      "UnsupportedFeatureException",
      `Task definition ${family}:${revision} is for Windows; Berth runs only Linux.`,
    );
  }
  const missing = template.need.requiresAttributes
    .map(({ name, value }) => (value === undefined ? name : `${name}=${value}`))
    .filter((capability) => !managedHosts.capabilities.has(capability));
  if (missing.length > 0) {
    // DIFFERS: what Berth's hosts can't do is refused with the name of the attribute that they lack: AWS has hosts that can.
    refuse(
      "UnsupportedFeatureException",
      `The hosts for Fargate lack attributes that ${family}:${revision} needs: ${missing.join(", ")}.`,
    );
  }
}

const platformOf = (template: TaskTemplate): RuntimePlatform =>
  (template.definition.more.runtimePlatform ?? {}) as RuntimePlatform;

/**
 * Starts a task of `template` for each provider of the launch, as far as the account's quota allows. Returns their ids, and what the rest lack.
 * Throws FargateShortage if the account must first be asked for more. AWS: quotas count vCPUs, separately for Fargate and Fargate Spot, over
 * all clusters of the account in the region.
 */
export function launchOnFargate(
  step: ClusterStep,
  template: TaskTemplate,
  launch: FargateLaunch,
): { readonly taskIds: readonly string[]; readonly lacks: FargateLack | null } {
  const taskIds: string[] = [];
  for (const [index, provider] of launch.providers.entries()) {
    const quota = provider ?? "FARGATE";
    const count = launch.providers.slice(index).filter((other) => (other ?? "FARGATE") === quota).length;
    if (!mayUseFargate(step, quota, template.need.cpu, count)) return { taskIds, lacks: "quota" };
    taskIds.push(launchOne(step, template, launch.platformVersion, provider));
  }
  return { taskIds, lacks: null };
}

function launchOne(
  step: ClusterStep,
  template: TaskTemplate,
  platformVersion: string,
  capacityProviderName: FargateProvider | null,
): string {
  const host = hostForTask(step);
  const subnets = must(template.subnets, "the subnets of a task on Fargate");
  const subnet = must(subnets[step.random("subnet").below(subnets.length)], "a subnet");
  const isArm = platformOf(template).cpuArchitecture === "ARM64";
  return launchIn(step, template, {
    instanceId: host.id,
    availabilityZone: zoneOfSubnet(step.place.region, subnet),
    launchType: "FARGATE",
    capacityProviderName,
    platformVersion,
    ephemeralStorageGiB:
      template.overrides.ephemeralStorage?.sizeInGiB ??
      template.definition.ephemeralStorageGiB ??
      limits.fargateStorageGiB,
    attributes: [{ name: "ecs.cpu-architecture", value: isArm ? "arm64" : "x86_64" }],
    subnet,
    gpuIds: [],
  });
}
