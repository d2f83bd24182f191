import {
  type CapacityProvider,
  capacityProviderArn,
  capacityProviderName,
  isFargateProvider,
} from "../documents/capacity-provider.ts";
import { fargateProviders } from "../documents/fargate-use.ts";
import { refuse } from "../refusals.ts";
import type { AccountStep } from "../state/account-step.ts";

/** The account's ACTIVE provider that a reference names, or null. Excludes the two Fargate ones. */
export function findProvider(step: AccountStep, reference: string): CapacityProvider | null {
  const name = capacityProviderName(step.place, reference);
  const provider = name === null ? undefined : step.state.capacityProviders.get(name);
  return provider?.status === "ACTIVE" ? provider : null;
}

/** As `findProvider`. Refuses an absent name, the Fargate ones for `change`, and unknown ones. AWS: the last text. */
export function providerToChange(step: AccountStep, reference: string | undefined, change: string): CapacityProvider {
  if (reference === undefined || reference === "") {
    refuse("InvalidParameterException", "The capacity provider's name can not be empty.");
  }
  const name = capacityProviderName(step.place, reference);
  if (name !== null && isFargateProvider(name)) {
    refuse("InvalidParameterException", `The capacity provider ${name} is reserved and cannot be ${change}.`);
  }
  const provider = findProvider(step, reference);
  if (provider === null) {
    refuse(
      "ClientException",
      "The specified capacity provider does not exist. Specify a valid name or ARN and try again.",
    );
  }
  return provider;
}

/** True if strategies may name it: a Fargate one, or ACTIVE. */
export const isKnownProvider = (step: AccountStep, name: string): boolean =>
  isFargateProvider(name) || step.state.capacityProviders.get(name)?.status === "ACTIVE";

/** Every provider that DescribeCapacityProviders shows: the two Fargate ones and users', including INACTIVE ones while kept. */
export const shownProviders = (step: AccountStep): string[] =>
  [...fargateProviders, ...step.state.capacityProviders.keys()].sort();

/** A capacity provider in API shape, or null if there is none with that name. */
export function capacityProviderReply(step: AccountStep, name: string, showTags: boolean): object | null {
  const capacityProviderArnOfName = capacityProviderArn(step.place, name);
  if (isFargateProvider(name)) {
    return { capacityProviderArn: capacityProviderArnOfName, name, status: "ACTIVE", type: name, tags: [] };
  }
  const provider = step.state.capacityProviders.get(name);
  if (provider === undefined) return null;
  return {
    capacityProviderArn: capacityProviderArnOfName,
    name,
    status: provider.status,
    autoScalingGroupProvider: {
      autoScalingGroupArn: provider.autoScalingGroupArn,
      managedScaling: provider.managedScaling,
      managedTerminationProtection: "DISABLED",
      managedDraining: "DISABLED",
    },
    updateStatus: provider.updateStatus,
    updateStatusReason: provider.updateStatusReason,
    tags: showTags ? provider.tags : [],
    type: "EC2_AUTOSCALING",
  };
}
