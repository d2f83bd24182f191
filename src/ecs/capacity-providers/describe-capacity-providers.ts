import type { AccountStep } from "../account-step.ts";
import { fargateProviders } from "../fargate/fargate-use.ts";
import { limits } from "../limits.ts";
import { page } from "../page.ts";
import { refuse } from "../refusals.ts";
import { capacityProviderArn, capacityProviderReply, findCapacityProvider } from "./capacity-provider.ts";

export type DescribeCapacityProvidersRequest = {
  readonly capacityProviders?: readonly string[];
  readonly cluster?: string;
  readonly include?: readonly string[];
  readonly maxResults?: number;
  readonly nextToken?: string;
};

/**
 * DescribeCapacityProviders: the named ones or all, 10 a page. AWS: names that there are none of are failures MISSING.
 * Refuses more than 100 names, an unknown `include`, bad page sizes and tokens (InvalidParameterException).
 */
export function describeCapacityProviders(step: AccountStep, request: DescribeCapacityProvidersRequest): object {
  const { capacityProviders: named = [], include = [], maxResults, nextToken } = request;
  if (named.length > limits.namesPerDescribeCapacityProviders) {
    refuse(
      "InvalidParameterException",
      `capacityProviders can have at most ${limits.namesPerDescribeCapacityProviders} items.`,
    );
  }
  if (include.some((field) => field !== "TAGS")) refuse("InvalidParameterException", "include must be one of [TAGS].");
  const found = named.map((reference) => ({ reference, provider: findCapacityProvider(step.place, reference) }));
  const providers =
    named.length === 0 ? fargateProviders : found.flatMap(({ provider }) => (provider === null ? [] : [provider]));
  const shown = page([...new Set(providers)].sort(), (name) => name, {
    operation: "DescribeCapacityProviders",
    nextToken,
    maxResults,
    defaultSize: limits.capacityProvidersPageSize,
    maxSize: limits.capacityProvidersPageSize,
  });
  const failures = found
    .filter(({ provider }) => provider === null)
    .map(({ reference }) => ({
      arn: reference.startsWith("arn:") ? reference : capacityProviderArn(step.place, reference),
      reason: "MISSING",
    }));
  return {
    capacityProviders: shown.items.map((name) => capacityProviderReply(step.place, name)),
    failures: nextToken === undefined ? failures : [],
    nextToken: shown.nextToken,
  };
}
