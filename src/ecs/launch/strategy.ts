import type { Place } from "../arn.ts";
import {
  type CapacityProviderStrategy,
  capacityProviderName,
  isFargateProvider,
  type StrategyItem,
} from "../documents/capacity-provider.ts";
import { limits } from "../limits.ts";
import { isKnownProvider } from "../references/account-providers.ts";
import { refuse } from "../refusals.ts";
import type { AccountStep } from "../state/account-step.ts";

export type RequestStrategyItem = {
  readonly capacityProvider?: string;
  readonly weight?: number;
  readonly base?: number;
};

// AWS: users report these texts.
const severalBasesOfCluster =
  "The specified capacity provider strategy contains multiple capacity providers with a base value defined. Only one capacity provider per strategy can have a base value defined.";
const severalBases =
  "There are multiple capacity providers in the specified capacity provider strategy with a base value greater than zero. Only one capacity provider can have a base value greater than zero. Specify a valid capacity provider strategy and try again.";
const notAssociated =
  "The specified capacity provider strategy cannot contain a capacity provider that is not associated with the cluster. Associate the capacity provider with the cluster or specify a valid capacity provider and try again.";

/**
 * The provider names of PutClusterCapacityProviders or CreateCluster, each once. Refuses too many and unknown ones
 * (InvalidParameterException). AWS: the text for too many.
 */
export function checkedProviders(step: AccountStep, references: readonly string[]): readonly string[] {
  if (references.length > limits.capacityProvidersPerCluster) {
    refuse("InvalidParameterException", "The maximum number of capacity providers per cluster has been exceeded.");
  }
  const providers = references.map((reference) => {
    const name = capacityProviderName(step.place, reference);
    if (name === null || !isKnownProvider(step, name)) {
      refuse(
        "InvalidParameterException",
        `The specified capacity provider '${reference}' was not found. Specify a valid capacity provider and try again.`,
      );
    }
    return name;
  });
  return [...new Set(providers)];
}

/**
 * A checked strategy over `associated` providers. AWS: at most 20 items, weights of 0 to 1,000 and bases of 0 to 100,000, both 0 by
 * default, at most one base above 0, and never Fargate together with others. Refuses everything else with InvalidParameterException.
 * `isOfCluster` is for a cluster's default strategy, which has its own text.
 */
export function checkedStrategy(
  place: Place,
  requested: readonly RequestStrategyItem[],
  associated: readonly string[],
  isOfCluster = false,
): CapacityProviderStrategy {
  if (requested.length > limits.capacityProvidersPerStrategy) {
    refuse(
      "InvalidParameterException",
      `A capacity provider strategy can have at most ${limits.capacityProvidersPerStrategy} items.`,
    );
  }
  const items = requested.map((item) => checkedItem(place, item, associated));
  if (new Set(items.map(({ capacityProvider }) => capacityProvider)).size < items.length) {
    refuse("InvalidParameterException", "A capacity provider strategy cannot name a capacity provider twice.");
  }
  if (items.filter(({ base }) => base > 0).length > 1) {
    refuse("InvalidParameterException", isOfCluster ? severalBasesOfCluster : severalBases);
  }
  if (new Set(items.map(({ capacityProvider }) => isFargateProvider(capacityProvider))).size > 1) {
    // AWS: users report this text.
    refuse(
      "InvalidParameterException",
      "A capacity provider strategy cannot contain a mix of capacity providers using Auto Scaling groups and Fargate providers. Specify one or the other and try again.",
    );
  }
  return items;
}

function checkedItem(place: Place, item: RequestStrategyItem, associated: readonly string[]): StrategyItem {
  const { capacityProvider: reference = "", weight = 0, base = 0 } = item;
  if (reference === "") refuse("InvalidParameterException", "capacityProvider can not be empty.");
  const capacityProvider = capacityProviderName(place, reference);
  if (capacityProvider === null || !associated.includes(capacityProvider)) {
    refuse("InvalidParameterException", notAssociated);
  }
  checkRange("weight", weight, limits.capacityProviderWeight);
  checkRange("base", base, limits.capacityProviderBase);
  return { capacityProvider, weight, base };
}

function checkRange(what: string, value: number, max: number): void {
  if (Number.isInteger(value) && value >= 0 && value <= max) return;
  refuse("InvalidParameterException", `The ${what} of a capacity provider must be between 0 and ${max}.`);
}

/** Refuses a strategy without a positive weight if tasks would run by it. AWS: users report the texts. */
export function checkUsable(strategy: CapacityProviderStrategy, isDefault: boolean): void {
  if (strategy.some(({ weight }) => weight > 0)) return;
  refuse(
    "InvalidParameterException",
    isDefault
      ? "There are no capacity providers with a weight value greater than zero defined in the default capacity provider strategy. At least one capacity provider must have a weight value greater than zero specified. Update the cluster's default capacity provider strategy or specify a valid capacity provider strategy and try again."
      : "There are no capacity providers in the capacity provider strategy with a weight value greater than zero. Specify a weight value greater than zero for at least one capacity provider and try again.",
  );
}
