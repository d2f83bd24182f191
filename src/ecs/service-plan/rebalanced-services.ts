import type { PlacementConstraint, PlacementStrategy } from "../documents/placement-request.ts";
import type { Service } from "../documents/service.ts";

/** The attribute that tells the Availability Zone of an instance. */
export const zoneAttribute = "ecs.availability-zone";

/** What decides whether the tasks of a service may be moved to bring zones into balance. */
export type RebalancingFacts = Pick<
  Service,
  "schedulingStrategy" | "placementConstraints" | "placementStrategy" | "deploymentConfiguration"
> & { readonly launchType: string | null };

/** AWS: which services are not rebalanced; load balancers of the classic kind are none here. */
export function exclusionOf(facts: RebalancingFacts): string | null {
  if (facts.schedulingStrategy === "DAEMON") return "the daemon scheduling strategy";
  if (facts.launchType === "EXTERNAL") return "the EXTERNAL launch type";
  if (facts.deploymentConfiguration.maximumPercent <= 100) return "a maximumPercent of 100";
  if (facts.placementConstraints.some(namesZone)) return "a placement constraint on the Availability Zone";
  const [first] = facts.placementStrategy;
  if (first !== undefined && !isZoneSpread(first)) {
    return "a placement strategy that does not spread over Availability Zones first";
  }
  return null;
}

export const namesZone = (constraint: PlacementConstraint): boolean =>
  constraint.type === "memberOf" && constraint.expression.includes(zoneAttribute);

const isZoneSpread = (strategy: PlacementStrategy): boolean =>
  strategy.type === "spread" && strategy.field === `attribute:${zoneAttribute}`;
