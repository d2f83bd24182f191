import type { Given } from "../call.ts";
import { isFargateProvider } from "../capacity-providers/capacity-provider.ts";
import { distribute } from "../capacity-providers/distribute.ts";
import { checkedStrategy, checkUsable, type RequestStrategyItem } from "../capacity-providers/strategy.ts";
import type { ClusterStep } from "../cluster-step.ts";
import type { FargateLaunch } from "../fargate/launch-on-fargate.ts";
import { platformVersion } from "../fargate/platform-version.ts";
import { type RequestPlacement, refuseOnFargate } from "../placement/checked-placement.ts";
import { refuse } from "../refusals.ts";
import type { TaskDefinition } from "../task-definitions/task-definition.ts";
import type { TaskLaunchType } from "./task.ts";

export type LaunchRequest = RequestPlacement & {
  readonly launchType?: string;
  readonly capacityProviderStrategy?: readonly RequestStrategyItem[];
  readonly platformVersion?: string;
};

/**
 * Where a call wants its tasks: on container instances of a launch type, on those of the capacity provider that each task has
 * by the strategy, or on Fargate.
 */
export type LaunchChoice =
  | { readonly launchType: "EC2" | "EXTERNAL"; readonly providers: readonly string[] | null }
  | { readonly launchType: "FARGATE"; readonly fargate: FargateLaunch };

/**
 * What a call for `count` tasks chooses. AWS: a launch type, or a strategy, or else the cluster's default strategy, or
 * else EC2. Refuses both together, unknown words, a strategy that cannot be used, and what does not go with the choice.
 */
export function launchChoice(step: ClusterStep, request: LaunchRequest, given: Given, count: number): LaunchChoice {
  const { launchType, capacityProviderStrategy = [] } = request;
  if (launchType !== undefined && capacityProviderStrategy.length > 0) {
    refuse("InvalidParameterException", "Specify either Launch Type or Capacity Provider Strategy, but not both.");
  }
  if (launchType === undefined) {
    const isDefault = capacityProviderStrategy.length === 0;
    const { capacityProviders, defaultCapacityProviderStrategy } = given.cluster;
    const strategy = isDefault
      ? defaultCapacityProviderStrategy
      : checkedStrategy(step.place, capacityProviderStrategy, capacityProviders);
    if (strategy.length > 0) {
      checkUsable(strategy, isDefault);
      const providers = distribute(strategy, count);
      return providers.every(isFargateProvider)
        ? onFargate(request, providers)
        : onInstances(request, "EC2", providers);
    }
  }
  const chosen = checkedLaunchType(launchType ?? "EC2");
  if (chosen === "FARGATE") return onFargate(request, Array<null>(count).fill(null));
  return onInstances(request, chosen, null);
}

function onInstances(
  request: LaunchRequest,
  launchType: "EC2" | "EXTERNAL",
  providers: readonly string[] | null,
): LaunchChoice {
  if (request.platformVersion !== undefined) {
    refuse(
      "InvalidParameterException",
      `The platform version must be null when specifying an ${launchType} launch type.`,
    );
  }
  return { launchType, providers };
}

function onFargate(request: LaunchRequest, providers: FargateLaunch["providers"]): LaunchChoice {
  refuseOnFargate(request);
  return {
    launchType: "FARGATE",
    fargate: { platformVersion: platformVersion(request.platformVersion), providers },
  };
}

function checkedLaunchType(launchType: string): TaskLaunchType {
  if (launchType === "EC2" || launchType === "FARGATE" || launchType === "EXTERNAL") return launchType;
  return refuse("InvalidParameterException", "launch type should be one of [EC2,FARGATE,EXTERNAL]");
}

/**
 * AWS: what is asked for must be among what the task definition requires; the launch type taken by default need only be
 * among those that it is compatible with.
 */
export function checkLaunchType(
  definition: TaskDefinition,
  { launchType }: LaunchChoice,
  isDefaultLaunchType: boolean,
): void {
  const { requiresCompatibilities, compatibilities } = definition;
  const supported =
    isDefaultLaunchType || requiresCompatibilities.length === 0 ? compatibilities : requiresCompatibilities;
  if (!supported.includes(launchType)) {
    refuse("InvalidParameterException", `Task definition does not support launch_type ${launchType}.`);
  }
}
