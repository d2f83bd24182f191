import type { Service } from "../documents/service.ts";
import { limits } from "../limits.ts";
import { page } from "../page.ts";
import { refuse } from "../refusals.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { targetOfService } from "../state/service-documents.ts";

export type ListServicesRequest = {
  readonly cluster?: string;
  readonly launchType?: string;
  readonly schedulingStrategy?: string;
  readonly resourceManagementType?: string;
  readonly nextToken?: string;
  readonly maxResults?: number;
};

const filters = {
  launchType: ["EC2", "FARGATE", "EXTERNAL", "MANAGED_INSTANCES"],
  schedulingStrategy: ["REPLICA", "DAEMON"],
  resourceManagementType: ["CUSTOMER", "ECS"],
} as const;

/**
 * ListServices: the ARNs of the ACTIVE services that pass every filter, 10 a page unless more are asked for, 100 at most.
 * AWS: DRAINING and INACTIVE ones are described and not listed; a service with a strategy has no launch type; a bad launch type is
 * refused as RunTask does.
 */
export function listServices(step: ClusterStep, request: ListServicesRequest): object {
  for (const member of ["launchType", "schedulingStrategy", "resourceManagementType"] as const) {
    const word = request[member];
    if (word !== undefined && !filters[member].some((known) => known === word)) {
      const what = member === "launchType" ? "launch type" : member;
      refuse("InvalidParameterException", `${what} should be one of [${filters[member].join(",")}]`);
    }
  }
  const { services, serviceIndex } = step.state;
  const listed = serviceIndex.names.after(null).filter((name) => {
    const service = services.get(name);
    return service !== undefined && passes(step, service, request);
  });
  const { items, nextToken } = page(listed, (name) => name, {
    operation: "ListServices",
    nextToken: request.nextToken,
    maxResults: request.maxResults,
    defaultSize: limits.servicesPageSize,
    maxSize: limits.servicesPageSizeMax,
  });
  return { serviceArns: items.map((name) => services.get(name)?.arn), nextToken };
}

function passes(step: ClusterStep, service: Service, request: ListServicesRequest): boolean {
  const { launchType, schedulingStrategy, resourceManagementType } = request;
  if (service.status !== "ACTIVE") return false;
  // Services that ECS itself manages for somebody come with express services and daemons.
  if (resourceManagementType === "ECS") return false;
  if (schedulingStrategy !== undefined && service.schedulingStrategy !== schedulingStrategy) return false;
  if (launchType === undefined) return true;
  return (
    step.state.serviceRevisions.get(targetOfService(step.state, service.name).revisionId)?.launchType === launchType
  );
}
