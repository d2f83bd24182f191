import type { ServiceDeployment } from "../documents/deployment.ts";
import type { Service } from "../documents/service.ts";
import { limits } from "../limits.ts";
import { failuresOf, watchStatus } from "../rollout/circuit-breaker.ts";
import { describeConfiguration, describeRevisionCounts } from "../services/describe-service.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import type { SeveralHistoryArns } from "../state/operation-row.ts";
import { progressOf } from "../state/service-documents.ts";
import { historyArn, historyArns, missingArn } from "./history-arns.ts";

/** Where a request has its ARNs. */
export const serviceDeploymentArns = {
  member: "serviceDeploymentArns",
  type: "service-deployment",
  max: limits.serviceDeploymentsPerDescribe,
  listed: "serviceDeployments",
} as const satisfies SeveralHistoryArns;

export type DescribeServiceDeploymentsRequest = { readonly serviceDeploymentArns?: readonly string[] };

/** DescribeServiceDeployments: up to 20 service deployments; unknown ones are failures MISSING. */
export function describeServiceDeployments(step: ClusterStep, request: DescribeServiceDeploymentsRequest): object {
  const serviceDeployments: object[] = [];
  const failures: object[] = [];
  for (const arn of historyArns(serviceDeploymentArns, request)) {
    const deployment = findServiceDeployment(step, arn);
    const service = deployment === null ? undefined : step.state.services.get(deployment.serviceName);
    if (deployment === null || service === undefined) failures.push(missingArn(arn));
    else serviceDeployments.push(describeServiceDeployment(step, service, deployment));
  }
  return { serviceDeployments, failures };
}

/** The service deployment with this ARN, or null. Refuses anything but such an ARN. */
export function findServiceDeployment(step: ClusterStep, arn: string): ServiceDeployment | null {
  const deployment = step.state.serviceDeployments.get(historyArn(step.place, "service-deployment", arn).id);
  return deployment?.arn === arn ? deployment : null;
}

function describeServiceDeployment(step: ClusterStep, service: Service, deployment: ServiceDeployment): object {
  const { sourceRevisionIds, targetRevisionId, rollback } = deployment;
  const summaryOf = (id: string): object | null => describeRevisionCounts(step.state, service, id);
  return {
    serviceDeploymentArn: deployment.arn,
    serviceArn: service.arn,
    clusterArn: step.clusterArn,
    status: deployment.status,
    statusReason: deployment.statusReason,
    sourceServiceRevisions: sourceRevisionIds.map(summaryOf).filter((summary) => summary !== null),
    targetServiceRevision: summaryOf(targetRevisionId),
    deploymentConfiguration: describeConfiguration(deployment.deploymentConfiguration),
    deploymentCircuitBreaker: describeBreaker(step, service, deployment),
    alarms: describeAlarmsOf(deployment),
    rollback:
      rollback === null
        ? null
        : {
            reason: rollback.reason,
            startedAt: rollback.startedAt,
            serviceRevisionArn: step.state.serviceRevisions.get(rollback.revisionId)?.arn,
          },
    createdAt: deployment.createdAt,
    startedAt: deployment.startedAt,
    finishedAt: deployment.finishedAt,
    stoppedAt: deployment.stoppedAt,
    updatedAt: deployment.updatedAt,
  };
}

/** AWS: what the API shows about a deployment's alarms. */
function describeAlarmsOf({ deploymentConfiguration, finishedAt, triggeredAlarms }: ServiceDeployment): object {
  const { enable, alarmNames } = deploymentConfiguration.alarms;
  const status = watchStatus(enable, finishedAt !== null, triggeredAlarms.length > 0);
  return { status, alarmNames, triggeredAlarmNames: triggeredAlarms };
}

/** While a service deployment runs its deployment counts the failures, by the configuration of the service. */
function describeBreaker(step: ClusterStep, service: Service, serviceDeployment: ServiceDeployment): object {
  const { deploymentId, finishedAt } = serviceDeployment;
  const isOver = finishedAt !== null;
  const { enable } = (isOver ? serviceDeployment : service).deploymentConfiguration.deploymentCircuitBreaker;
  const deployments = step.state.rollouts.get(service.name)?.deployments ?? [];
  const isThere = deployments.some(({ id }) => id === deploymentId);
  const progress = isThere ? progressOf(step.state, service.name, deploymentId) : null;
  const { failureCount, failureThreshold } = failuresOf(service, serviceDeployment, progress);
  const status = watchStatus(enable, isOver, failureCount >= failureThreshold);
  return { status, failureCount, threshold: failureThreshold };
}
