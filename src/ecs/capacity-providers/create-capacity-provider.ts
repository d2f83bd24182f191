import { isCapacityProviderName } from "../documents/capacity-provider.ts";
import { newTags, type RequestTag } from "../documents/tag.ts";
import { limits } from "../limits.ts";
import { capacityProviderReply } from "../references/account-providers.ts";
import { refuse } from "../refusals.ts";
import type { AccountStep } from "../state/account-step.ts";
import { checkedGroupArn, checkedScaling, type RequestAutoScalingGroup, scalingOff } from "./auto-scaling-group.ts";
import { refuseManagedInstances } from "./managed-instances.ts";

export type CreateCapacityProviderRequest = {
  readonly name?: string;
  readonly cluster?: string;
  readonly autoScalingGroupProvider?: RequestAutoScalingGroup;
  readonly managedInstancesProvider?: object;
  readonly tags?: readonly RequestTag[];
};

/**
 * CreateCapacityProvider: a name under which container instances are grouped. Refuses bad names and settings (InvalidParameterException), a
 * name or Auto Scaling group that is taken (ClientException), more than an account may have (LimitExceededException) and what Berth doesn't
 * support (UnsupportedFeatureException). AWS: the text for a taken name.
 */
export function createCapacityProvider(step: AccountStep, request: CreateCapacityProviderRequest): object {
  const { name = "", autoScalingGroupProvider } = request;
  if (!isCapacityProviderName(name)) {
    refuse(
      "InvalidParameterException",
      'The specified capacity provider name is invalid. Up to 255 characters are allowed, including letters (upper and lowercase), numbers, underscores, and hyphens. The name cannot be prefixed with "aws", "ecs", or "fargate". Specify a valid name and try again.',
    );
  }
  refuseManagedInstances(request);
  if (autoScalingGroupProvider === undefined) {
    refuse("InvalidParameterException", "autoScalingGroupProvider can not be null.");
  }
  const autoScalingGroupArn = checkedGroupArn(autoScalingGroupProvider.autoScalingGroupArn);
  const managedScaling = checkedScaling(autoScalingGroupProvider, scalingOff);
  const tags = newTags(request.tags);
  checkRoom(step, name, autoScalingGroupArn);
  step.state.capacityProviders.put(name, {
    name,
    status: "ACTIVE",
    updateStatus: null,
    updateStatusReason: null,
    autoScalingGroupArn,
    managedScaling,
    tags,
    createdAt: step.now,
    deletedAt: null,
  });
  return { capacityProvider: capacityProviderReply(step, name, true) };
}

function checkRoom(step: AccountStep, name: string, autoScalingGroupArn: string): void {
  const { capacityProviders } = step.state;
  if (capacityProviders.get(name)?.status === "ACTIVE") {
    refuse(
      "ClientException",
      "The specified capacity provider already exists. To change the configuration of an existing capacity provider, update the capacity provider.",
    );
  }
  let active = 0;
  for (const provider of capacityProviders.values()) {
    if (provider.status !== "ACTIVE") continue;
    active += 1;
    // AWS: an Auto Scaling group belongs to one capacity provider.
    if (provider.autoScalingGroupArn === autoScalingGroupArn) {
      refuse(
        "ClientException",
        "The specified Auto Scaling group ARN is already being used by another capacity provider. Specify a unique Auto Scaling group ARN and try again.",
      );
    }
  }
  if (active >= limits.capacityProviders) {
    refuse("LimitExceededException", `The limit of ${limits.capacityProviders} capacity providers has been reached.`);
  }
}
