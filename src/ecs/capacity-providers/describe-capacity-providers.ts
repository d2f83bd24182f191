import { capacityProviderArn, capacityProviderName } from "../documents/capacity-provider.ts";
import { limits } from "../limits.ts";
import { page } from "../page.ts";
import { capacityProviderReply, shownProviders } from "../references/account-providers.ts";
import { resolveCluster } from "../references/resolve-cluster.ts";
import { refuse } from "../refusals.ts";
import type { AccountStep } from "../state/account-step.ts";

export type DescribeCapacityProvidersRequest = {
  readonly capacityProviders?: readonly string[];
  readonly cluster?: string;
  readonly include?: readonly string[];
  readonly maxResults?: number;
  readonly nextToken?: string;
};

/**
 * DescribeCapacityProviders: the named ones or all, or only those of `cluster` if given, 10 a page; tags on request.
 * AWS: unknown names are failures MISSING. Refuses more than 100 names, an unknown `include`, bad page sizes and tokens
 * (InvalidParameterException), and an unknown cluster (ClusterNotFoundException).
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
  const cluster = request.cluster === undefined ? null : resolveCluster(step, request.cluster);
  const known = new Set(
    shownProviders(step).filter((name) => cluster === null || cluster.capacityProviders.includes(name)),
  );
  const found = named.map((reference) => {
    const name = capacityProviderName(step.place, reference);
    return { reference, name: name !== null && known.has(name) ? name : null };
  });
  const names = named.length === 0 ? known : new Set(found.flatMap(({ name }) => name ?? []));
  const shown = page([...names].sort(), (name) => name, {
    operation: "DescribeCapacityProviders",
    nextToken,
    maxResults,
    defaultSize: limits.capacityProvidersPageSize,
    maxSize: limits.capacityProvidersPageSize,
  });
  const failures = found
    .filter(({ name }) => name === null)
    .map(({ reference }) => ({
      arn: reference.startsWith("arn:") ? reference : capacityProviderArn(step.place, reference),
      reason: "MISSING",
    }));
  return {
    capacityProviders: shown.items.map((name) => capacityProviderReply(step, name, include.length > 0)),
    failures: nextToken === undefined ? failures : [],
    nextToken: shown.nextToken,
  };
}
