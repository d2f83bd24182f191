import type { PlacementConstraint, PlacementStrategy } from "../placement/placement-request.ts";
import { refuse } from "../refusals.ts";
import type { Service } from "./service.ts";

/** The attribute that tells the Availability Zone of an instance. */
export const zoneAttribute = "ecs.availability-zone";

/** What decides whether the tasks of a service may be moved to bring zones into balance. */
type Facts = Pick<
  Service,
  "schedulingStrategy" | "placementConstraints" | "placementStrategy" | "deploymentConfiguration"
> & { readonly launchType: string | null };

/** The value for a new service. AWS: ENABLED unless it is given or the service is of a kind that is not rebalanced. */
export function newRebalancing(requested: string | undefined, facts: Facts): Service["availabilityZoneRebalancing"] {
  if (requested === undefined) return exclusionOf(facts) === null ? "ENABLED" : "DISABLED";
  return checkedRebalancing(requested, facts);
}

/** A value that was asked for, or that is to stay. Refuses ENABLED for a service of a kind that is not rebalanced. */
export function checkedRebalancing(requested: string, facts: Facts): Service["availabilityZoneRebalancing"] {
  if (requested === "DISABLED") return requested;
  if (requested !== "ENABLED") {
    refuse("InvalidParameterException", "availabilityZoneRebalancing should be one of [ENABLED,DISABLED]");
  }
  const exclusion = exclusionOf(facts);
  if (facts.schedulingStrategy === "DAEMON") {
    // AWS: the text as users see it.
    refuse(
      "InvalidParameterException",
      "The service couldn't be created because Availability Zone Rebalancing does not support DAEMON as scheduling strategy. Update scheduling strategy and try again.",
    );
  }
  if (exclusion !== null) {
    refuse(
      "InvalidParameterException",
      `Availability Zone rebalancing does not support ${exclusion}. Set availabilityZoneRebalancing to DISABLED and try again.`,
    );
  }
  return requested;
}

/** AWS: which services are not rebalanced; load balancers of the classic kind are none here. */
export function exclusionOf(facts: Facts): string | null {
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
