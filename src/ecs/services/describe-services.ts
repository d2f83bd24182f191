import { limits } from "../limits.ts";
import { findService, missingService } from "../references/find-service.ts";
import { refuse } from "../refusals.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { describeService } from "./describe-service.ts";

export type DescribeServicesRequest = {
  readonly cluster?: string;
  readonly services?: readonly string[];
  readonly include?: readonly string[];
};

/** DescribeServices: up to 10 services; unknown ones are failures MISSING. AWS: INACTIVE ones are shown for a while. */
export function describeServices(step: ClusterStep, request: DescribeServicesRequest): object {
  const references = request.services ?? [];
  if (references.length === 0) refuse("InvalidParameterException", "Services cannot be empty.");
  if (references.length > limits.namesPerDescribeServices) {
    refuse("InvalidParameterException", `service names can have at most ${limits.namesPerDescribeServices} items.`);
  }
  const include = request.include ?? [];
  if (include.some((field) => field !== "TAGS")) {
    refuse("InvalidParameterException", "include must be one of [TAGS].");
  }
  const services: object[] = [];
  const failures: object[] = [];
  for (const reference of references) {
    const service = findService(step, reference);
    if (service === null) failures.push(missingService(step, reference));
    else services.push(describeService(step.state, service, { tags: include.length > 0 }));
  }
  return { services, failures };
}
