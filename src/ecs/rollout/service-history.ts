import { type ServiceDeployment, serviceDeploymentDueAt } from "../documents/deployment.ts";
import type { Rollout } from "../documents/rollout.ts";
import { limits } from "../limits.ts";
import type { ClusterStep } from "../state/cluster-step.ts";

/** A service deployment is due: it is forgotten, but for the last one of a service, which stays until another begins. */
export function serviceDeploymentDue(step: ClusterStep, deployment: ServiceDeployment): void {
  forgetExpiredHistory(step, deployment.serviceName);
}

/**
 * Forgets the service deployments that are over for long enough, and the revisions that nothing refers to any more.
 * DIFFERS: of a service the newest 200 service deployments are kept, also when the older ones are not 90 days old.
 */
export function forgetExpiredHistory(step: ClusterStep, serviceName: string): void {
  const { serviceIndex, rollouts } = step.state;
  const rollout = rollouts.get(serviceName);
  if (rollout === undefined) return;
  const over = finishedDeployments(step, rollout);
  const excess = over.length - limits.serviceDeploymentsPerService;
  const expired = over
    .filter((deployment, index) => {
      const dueAt = serviceDeploymentDueAt(deployment, step.timeline);
      return index < excess || (dueAt !== null && dueAt <= step.now);
    })
    .map(({ id }) => id);
  if (expired.length === 0) return;
  const kept = new Set(rollout.deployments.map(({ revisionId }) => revisionId));
  for (const id of serviceIndex.deploymentIdsOf(serviceName)) {
    if (!expired.includes(id)) for (const revisionId of revisionsOf(step, id)) kept.add(revisionId);
  }
  forget(step, expired, kept);
}

/** Those that are over, except the last one of the service; the oldest first. */
function finishedDeployments(
  { state }: ClusterStep,
  { serviceName, serviceDeploymentId }: Rollout,
): ServiceDeployment[] {
  const found = [...state.serviceIndex.deploymentIdsOf(serviceName)].map((id) => state.serviceDeployments.get(id));
  return found
    .filter((deployment) => deployment !== undefined)
    .filter(({ id, finishedAt }) => id !== serviceDeploymentId && finishedAt !== null)
    .sort((one, other) => (one.finishedAt ?? 0) - (other.finishedAt ?? 0));
}

/** Forgets all service deployments and service revisions of a service that is gone. AWS: they are deleted with it. */
export function forgetServiceHistory(step: ClusterStep, serviceName: string): void {
  forget(step, [...step.state.serviceIndex.deploymentIdsOf(serviceName)], new Set());
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
