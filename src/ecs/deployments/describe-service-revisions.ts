import type { ServiceRevision } from "../documents/deployment.ts";
import { limits } from "../limits.ts";
import { describeRevisionMembers } from "../services/describe-service.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import type { SeveralHistoryArns } from "../state/operation-row.ts";
import { historyArn, historyArns, missingArn } from "./history-arns.ts";

/** Where a request has its ARNs. */
export const serviceRevisionArns = {
  member: "serviceRevisionArns",
  type: "service-revision",
  max: limits.serviceRevisionsPerDescribe,
  listed: "serviceRevisions",
} as const satisfies SeveralHistoryArns;

export type DescribeServiceRevisionsRequest = { readonly serviceRevisionArns?: readonly string[] };

/** DescribeServiceRevisions: up to 20 service revisions; unknown ones are failures MISSING. */
export function describeServiceRevisions(step: ClusterStep, request: DescribeServiceRevisionsRequest): object {
  const serviceRevisions: object[] = [];
  const failures: object[] = [];
  for (const arn of historyArns(serviceRevisionArns, request)) {
    const revision = step.state.serviceRevisions.get(historyArn(step.place, "service-revision", arn).id);
    if (revision?.arn === arn) serviceRevisions.push(describeRevision(step, revision));
    else failures.push(missingArn(arn));
  }
  return { serviceRevisions, failures };
}

/** AWS: image digests come from the revision's tasks; here each task shows its own. */
function describeRevision(step: ClusterStep, revision: ServiceRevision): object {
  return {
    serviceRevisionArn: revision.arn,
    serviceArn: step.state.services.get(revision.serviceName)?.arn,
    clusterArn: step.clusterArn,
    ...describeRevisionMembers(revision),
    containerImages: revision.containerImages,
    loadBalancers: [],
    serviceRegistries: [],
    volumeConfigurations: [],
    guardDutyEnabled: false,
    createdAt: revision.createdAt,
  };
}
