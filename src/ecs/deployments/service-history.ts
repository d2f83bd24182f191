import type { ClusterStep } from "../cluster-step.ts";
import type { Service } from "../services/service.ts";
import type { Timeline } from "../timeline.ts";
import type { ServiceDeployment } from "./deployment.ts";

/** When a service deployment is forgotten; null while it runs. AWS: the history of a service is kept for 90 days. */
export const serviceDeploymentDueAt = ({ finishedAt }: ServiceDeployment, timeline: Timeline): number | null =>
  finishedAt === null ? null : finishedAt + timeline.serviceHistoryMs;

/** A service deployment is due: it is forgotten, but for the last one of a service, which stays until another begins. */
export function serviceDeploymentDue(step: ClusterStep, deployment: ServiceDeployment): void {
  const service = step.state.services.get(deployment.serviceName);
  if (service !== undefined) forgetExpiredHistory(step, service);
}

/** Forgets the service deployments that are over for long enough, and the revisions that nothing refers to any more. */
export function forgetExpiredHistory(step: ClusterStep, service: Service): void {
  const { serviceIndex, serviceDeployments } = step.state;
  const expired = [...serviceIndex.deploymentIdsOf(service.name)].filter((id) => {
    const deployment = serviceDeployments.get(id);
    const dueAt = deployment === undefined ? null : serviceDeploymentDueAt(deployment, step.timeline);
    return id !== service.serviceDeploymentId && dueAt !== null && dueAt <= step.now;
  });
  if (expired.length === 0) return;
  const kept = new Set(service.deployments.map(({ revisionId }) => revisionId));
  for (const id of serviceIndex.deploymentIdsOf(service.name)) {
    if (!expired.includes(id)) for (const revisionId of revisionsOf(step, id)) kept.add(revisionId);
  }
  forget(step, expired, kept);
}

/** Forgets all service deployments and service revisions of a service that is gone. AWS: they are deleted with it. */
export function forgetServiceHistory(step: ClusterStep, service: Service): void {
  forget(step, [...step.state.serviceIndex.deploymentIdsOf(service.name)], new Set());
}

function forget(step: ClusterStep, deploymentIds: readonly string[], kept: ReadonlySet<string>): void {
  const revisionIds = new Set(deploymentIds.flatMap((id) => revisionsOf(step, id)));
  for (const id of deploymentIds) step.state.serviceDeployments.delete(id);
  for (const id of revisionIds) {
    if (!kept.has(id) && step.state.serviceRevisions.has(id)) step.state.removeServiceRevision(id);
  }
}

function revisionsOf(step: ClusterStep, serviceDeploymentId: string): string[] {
  const deployment = step.state.serviceDeployments.get(serviceDeploymentId);
  if (deployment === undefined) return [];
  const { sourceRevisionIds, targetRevisionId, rollback } = deployment;
  return [...sourceRevisionIds, targetRevisionId, ...(rollback === null ? [] : [rollback.revisionId])];
}
