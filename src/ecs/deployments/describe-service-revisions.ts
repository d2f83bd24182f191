import type { ServiceRevision } from "../documents/deployment.ts";
import { describeRevisionMembers } from "../services/describe-service.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { historyArn, historyArns, missingArn } from "./history-arns.ts";

export type DescribeServiceRevisionsRequest = { readonly serviceRevisionArns?: readonly string[] };

/** DescribeServiceRevisions: up to 20 service revisions; unknown ones are failures MISSING. */
export function describeServiceRevisions(step: ClusterStep, request: DescribeServiceRevisionsRequest): object {
  const serviceRevisions: object[] = [];
  const failures: object[] = [];
  for (const arn of historyArns("DescribeServiceRevisions", request)) {
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
