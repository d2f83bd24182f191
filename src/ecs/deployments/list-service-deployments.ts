import { type ServiceDeployment, serviceDeploymentStatuses } from "../documents/deployment.ts";
import { limits } from "../limits.ts";
import { page } from "../page.ts";
import { theService } from "../references/find-service.ts";
import { refuse } from "../refusals.ts";
import type { ClusterStep } from "../state/cluster-step.ts";

export type ListServiceDeploymentsRequest = {
  readonly cluster?: string;
  readonly service?: string;
  readonly status?: readonly string[];
  readonly createdAt?: { readonly before?: number; readonly after?: number };
  readonly nextToken?: string;
  readonly maxResults?: number;
};

/**
 * ListServiceDeployments: the service deployments of a service that pass every filter, newest first, 20 a page by default. Refuses an
 * unknown service with ServiceNotFoundException, an unknown status with InvalidParameterException.
 */
export function listServiceDeployments(step: ClusterStep, request: ListServiceDeploymentsRequest): object {
  const service = theService(step, request.service);
  const passes = filterOf(request);
  const found = [...step.state.serviceIndex.deploymentIdsOf(service.name)]
    .map((id) => step.state.serviceDeployments.get(id))
    .filter((deployment) => deployment !== undefined && passes(deployment))
    .map((deployment) => deployment as ServiceDeployment)
    .sort((a, b) => (keyOf(a) > keyOf(b) ? -1 : 1));
  const { items, nextToken } = page(found, keyOf, {
    operation: "ListServiceDeployments",
    nextToken: request.nextToken,
    maxResults: request.maxResults,
    defaultSize: limits.serviceDeploymentsPageSize,
    maxSize: limits.pageSize,
    descending: true,
  });
  const serviceDeployments = items.map((deployment) => ({
    serviceDeploymentArn: deployment.arn,
    serviceArn: service.arn,
    clusterArn: step.clusterArn,
    status: deployment.status,
    statusReason: deployment.statusReason,
    targetServiceRevisionArn: step.state.serviceRevisions.get(deployment.targetRevisionId)?.arn,
    createdAt: deployment.createdAt,
    startedAt: deployment.startedAt,
    finishedAt: deployment.finishedAt,
  }));
  return { serviceDeployments, nextToken };
}

const keyOf = ({ createdAt, id }: ServiceDeployment): string => `${String(createdAt).padStart(15, "0")}/${id}`;

function filterOf({ status = [], createdAt }: ListServiceDeploymentsRequest): (each: ServiceDeployment) => boolean {
  for (const word of status) {
    if (!serviceDeploymentStatuses.some((known) => known === word)) {
      refuse("InvalidParameterException", `status should be one of [${serviceDeploymentStatuses.join(",")}]`);
    }
  }
  const { before = Number.POSITIVE_INFINITY, after = Number.NEGATIVE_INFINITY } = createdAt ?? {};
  return (each) =>
    (status.length === 0 || status.includes(each.status)) && each.createdAt >= after && each.createdAt <= before;
}
