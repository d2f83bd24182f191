import { namedResource, serviceArn } from "../arn.ts";
import type { Service } from "../documents/service.ts";
import { refuse } from "../refusals.ts";
import type { ClusterStep } from "../state/cluster-step.ts";

/**
 * The service that `reference` (name, short or long ARN) names, including INACTIVE ones; null if there is none here. Refuses what
 * `namedResource` refuses.
 */
export function findService(step: ClusterStep, reference: string): Service | null {
  return step.state.services.get(namedResource(step.place, step.clusterName, "service", reference)) ?? null;
}

/**
 * As `findService`, for an operation on one service. Refuses an absent reference with InvalidParameterException, and an unknown service
 * with ServiceNotFoundException. AWS: the text.
 */
export function theService(step: ClusterStep, reference: string | undefined, member = "service"): Service {
  if (reference === undefined || reference === "") refuse("InvalidParameterException", `${member} can not be empty.`);
  return findService(step, reference) ?? refuse("ServiceNotFoundException", "Service not found.");
}

/** The failure for an unknown service. AWS: a name is shown as the ARN that it would have. */
export function missingService(step: ClusterStep, reference: string): { arn: string; reason: "MISSING" } {
  const arn = reference.startsWith("arn:") ? reference : serviceArn(step.place, step.clusterName, reference);
  return { arn, reason: "MISSING" };
}
