import { arnPrefix, isHere, type Place, parseArn } from "../arn.ts";
import type { DocumentKind } from "./document-kind.ts";
import type { Shape } from "./document-shape.ts";
import { type FargateProvider, fargateProviders } from "./fargate-use.ts";
import type { Tag } from "./tag.ts";
import { tagsShape } from "./tag.ts";

/** The document of a user's capacity provider (kind `capacity-provider`, key: its name). */
export type CapacityProvider = {
  readonly name: string;
  readonly status: "ACTIVE" | "INACTIVE";
  /** The result of the last change; null before the first. */
  readonly updateStatus: "UPDATE_COMPLETE" | "DELETE_COMPLETE" | "DELETE_FAILED" | null;
  readonly updateStatusReason: string | null;
  /** As given, ARN or name: Berth doesn't look groups up. */
  readonly autoScalingGroupArn: string;
  readonly managedScaling: ManagedScaling;
  readonly tags: readonly Tag[];
  readonly createdAt: number;
  readonly deletedAt: number | null;
};

/** One provider of a strategy, with the defaults filled in. */
export type StrategyItem = {
  readonly capacityProvider: string;
  readonly weight: number;
  readonly base: number;
};

export type CapacityProviderStrategy = readonly StrategyItem[];

export const capacityProviderArn = (place: Place, name: string): string =>
  `${arnPrefix(place)}capacity-provider/${name}`;

/** True for the two providers of every account; tasks of all others run on container instances. */
export const isFargateProvider = (name: string): name is FargateProvider =>
  fargateProviders.some((provider) => provider === name);

/** The name in a reference (name or ARN); null for an ARN of another type, partition, account or region. */
export function capacityProviderName(place: Place, reference: string): string | null {
  if (!reference.startsWith("arn:")) return reference;
  const arn = parseArn(reference);
  if (arn?.type !== "capacity-provider" || !isHere(place, arn)) return null;
  return arn.path.length === 1 ? (arn.path[0] ?? null) : null;
}

/** AWS: the rules for a name; reserved prefixes are case-insensitive. */
export const isCapacityProviderName = (name: string): boolean =>
  /^[A-Za-z0-9_-]{1,255}$/.test(name) && !/^(?:aws|ecs|fargate)/i.test(name);

/** AWS: scaling settings, which have no effect while the status is DISABLED; null if not given. */
export type ManagedScaling = {
  readonly status: "DISABLED";
  readonly targetCapacity: number | null;
  readonly minimumScalingStepSize: number | null;
  readonly maximumScalingStepSize: number | null;
  readonly instanceWarmupPeriod: number | null;
};

export const strategyShape: Shape = [{ capacityProvider: "string", weight: "number", base: "number" }];

export const capacityProviderKind: DocumentKind<CapacityProvider> = {
  name: "capacity-provider",
  keyMember: "name",
  version: 1,
  shape: {
    name: "string",
    status: new Set(["ACTIVE", "INACTIVE"]),
    tags: tagsShape,
    createdAt: "number",
    deletedAt: "number?",
  },
  /** Then it is forgotten. */
  dueAt: ({ deletedAt }, timeline) => (deletedAt === null ? null : deletedAt + timeline.inactiveClusterRetentionMs),
};
