import { arnPrefix, type Place, parseArn } from "../arn.ts";
import { type FargateProvider, fargateProviders } from "../fargate/fargate-use.ts";

/** One of a strategy's providers, with the defaults filled in. */
export type StrategyItem = {
  readonly capacityProvider: FargateProvider;
  readonly weight: number;
  readonly base: number;
};

export type CapacityProviderStrategy = readonly StrategyItem[];

export const capacityProviderArn = (place: Place, name: string): string =>
  `${arnPrefix(place)}capacity-provider/${name}`;

/** The provider that a name or ARN means, or null when there is none. AWS: these two are there for every account. */
export function findCapacityProvider(place: Place, reference: string): FargateProvider | null {
  const arn = reference.startsWith("arn:") ? parseArn(reference) : null;
  const isHere = arn?.type === "capacity-provider" && arn.account === place.account && arn.region === place.region;
  const name = isHere && arn.path.length === 1 ? arn.path[0] : reference;
  return fargateProviders.find((provider) => provider === name) ?? null;
}

/** A capacity provider in API shape. */
export const capacityProviderReply = (place: Place, name: FargateProvider): object => ({
  capacityProviderArn: capacityProviderArn(place, name),
  name,
  status: "ACTIVE",
  type: name,
  tags: [],
});
