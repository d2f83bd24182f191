import { must } from "../../lib/assert.ts";
import { type CapacityProviderStrategy, isFargateProvider } from "../documents/capacity-provider.ts";
import type { TaskLaunchType } from "../documents/task.ts";
import type { TaskDefinition } from "../documents/task-definition.ts";
import { platformVersion } from "../fargate/platform-version.ts";
import { type RequestPlacement, refuseOnFargate } from "../placement/checked-placement.ts";
import { refuse } from "../refusals.ts";
import type { Given } from "../state/call.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { distribute } from "./distribute.ts";
import type { FargateLaunch } from "./launch-on-fargate.ts";
import { checkedStrategy, checkUsable, type RequestStrategyItem } from "./strategy.ts";

export type LaunchRequest = RequestPlacement & {
  readonly launchType?: string;
  readonly capacityProviderStrategy?: readonly RequestStrategyItem[];
  readonly platformVersion?: string;
};

/**
 * Where each task of a call goes: to container instances of a launch type, to those of the capacity provider that the strategy gives it, or
 * to Fargate.
 */
export type LaunchTargets =
  | { readonly launchType: "EC2" | "EXTERNAL"; readonly providers: readonly string[] | null }
  | { readonly launchType: "FARGATE"; readonly fargate: FargateLaunch };

/** What a call chooses before each task gets its provider. A service keeps its choice for life. */
export type LaunchChoice = {
  readonly launchType: TaskLaunchType;
  /** Empty if the call runs tasks by a launch type. */
  readonly strategy: CapacityProviderStrategy;
  /** Null except on Fargate. */
  readonly platformVersion: string | null;
};

/**
 * What a call chooses. AWS: a launch type or a strategy; without either, the cluster's default strategy, otherwise EC2. Refuses both
 * together, unknown values, a strategy that can't be used, and what doesn't go with the choice.
 */
export function launchChoice(step: ClusterStep, request: LaunchRequest, given: Given): LaunchChoice {
  const strategy = chosenStrategy(step, request, given);
  const [first] = strategy;
  const byStrategy = first === undefined ? null : isFargateProvider(first.capacityProvider) ? "FARGATE" : "EC2";
  const launchType = byStrategy ?? checkedLaunchType(request.launchType ?? "EC2");
  if (launchType === "FARGATE") {
    refuseOnFargate(request);
    return { launchType, strategy, platformVersion: platformVersion(request.platformVersion) };
  }
  if (request.platformVersion !== undefined) {
    refuse(
      "InvalidParameterException",
      `The platform version must be null when specifying an ${launchType} launch type.`,
    );
  }
  return { launchType, strategy, platformVersion: null };
}

/** Empty if the call names a launch type, or if there is no strategy. */
function chosenStrategy(step: ClusterStep, request: LaunchRequest, given: Given): CapacityProviderStrategy {
  const { launchType, capacityProviderStrategy = [] } = request;
  const isDefault = capacityProviderStrategy.length === 0;
  if (launchType !== undefined) {
    if (isDefault) return [];
    refuse(
      "InvalidParameterException",
      "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.",
    );
  }
  const { capacityProviders, defaultCapacityProviderStrategy } = given.cluster;
  const strategy = isDefault
    ? defaultCapacityProviderStrategy
    : checkedStrategy(step.place, capacityProviderStrategy, capacityProviders);
  if (strategy.length > 0) checkUsable(strategy, isDefault);
  return strategy;
}

/** What a call for `count` tasks chooses, with a provider for each task. Refuses what `launchChoice` refuses. */
export function launchTargets(step: ClusterStep, request: LaunchRequest, given: Given, count: number): LaunchTargets {
  const { launchType, strategy, platformVersion: version } = launchChoice(step, request, given);
  const providers = strategy.length === 0 ? null : distribute(strategy, count);
  if (launchType !== "FARGATE") return { launchType, providers };
  const onFargate = providers?.filter(isFargateProvider) ?? Array<null>(count).fill(null);
  return { launchType, fargate: { platformVersion: must(version, "the version of a platform"), providers: onFargate } };
}

function checkedLaunchType(launchType: string): TaskLaunchType {
  if (launchType === "EC2" || launchType === "FARGATE" || launchType === "EXTERNAL") return launchType;
  return refuse("InvalidParameterException", "launch type should be one of [EC2,FARGATE,EXTERNAL]");
}

/**
 * AWS: a requested launch type must be among those that the task definition requires. The default one only needs to be among its
 * compatibilities. So does EC2, which a definition shows among its compatibilities whether required or not.
 */
export function checkLaunchType(
  definition: TaskDefinition,
  { launchType }: { readonly launchType: TaskLaunchType },
  isDefaultLaunchType: boolean,
): void {
  const { requiresCompatibilities, compatibilities } = definition;
  const isByCompatibility = isDefaultLaunchType || launchType === "EC2" || requiresCompatibilities.length === 0;
  const supported = isByCompatibility ? compatibilities : requiresCompatibilities;
  if (!supported.includes(launchType)) {
    refuse("InvalidParameterException", `Task definition does not support launch_type ${launchType}.`);
  }
}
