import type { Service } from "../documents/service.ts";
import { refuse } from "../refusals.ts";
import { exclusionOf, type RebalancingFacts } from "../service-plan/rebalanced-services.ts";

/** The value for a new service. AWS: ENABLED unless it is given or the service is of a kind that is not rebalanced. */
export function newRebalancing(
  requested: string | undefined,
  facts: RebalancingFacts,
): Service["availabilityZoneRebalancing"] {
  if (requested === undefined) return exclusionOf(facts) === null ? "ENABLED" : "DISABLED";
  return checkedRebalancing(requested, facts);
}

/** A value that was asked for, or that is to stay. Refuses ENABLED for a service of a kind that is not rebalanced. */
export function checkedRebalancing(requested: string, facts: RebalancingFacts): Service["availabilityZoneRebalancing"] {
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
