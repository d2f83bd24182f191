import type { DeploymentProgress } from "../documents/deployment-progress.ts";
import type { Rollout } from "../documents/rollout.ts";
import type { ServiceCondition } from "../documents/service-condition.ts";
import { isSameDocument } from "../is-same-document.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { conditionOf, progressOf } from "../state/service-documents.ts";

/** Puts a rollout, and forgets the progress of deployments that it has no more. */
export function putRollout({ state }: ClusterStep, rollout: Rollout): void {
  const before = state.rollouts.get(rollout.serviceName)?.deployments ?? [];
  state.rollouts.put(rollout.serviceName, rollout);
  for (const { id } of before) {
    if (!rollout.deployments.some((deployment) => deployment.id === id)) state.deploymentProgress.delete(id);
  }
}

/** Puts what `change` makes of a deployment's progress; nothing if it is the same, or the service has no such deployment (any more). */
export function changeProgress(
  { state }: ClusterStep,
  serviceName: string,
  deploymentId: string,
  change: (progress: DeploymentProgress) => DeploymentProgress,
): void {
  const isKnown = state.rollouts.get(serviceName)?.deployments.some(({ id }) => id === deploymentId);
  if (isKnown !== true) return;
  const known = progressOf(state, serviceName, deploymentId);
  const changed = change(known);
  if (changed !== known) state.deploymentProgress.put(deploymentId, changed);
}

/** Puts what `change` makes of a service's condition; nothing if it is the same. */
export function changeCondition(
  { state }: ClusterStep,
  serviceName: string,
  change: (condition: ServiceCondition) => ServiceCondition,
): void {
  const known = conditionOf(state, serviceName);
  const changed = change(known);
  if (changed !== known && !isSameDocument(changed, known)) state.serviceConditions.put(serviceName, changed);
}

/** Forgets how the deployments of a service go and how it is doing: its tasks are gone. */
export function forgetStanding({ state }: ClusterStep, serviceName: string): void {
  for (const { id } of state.rollouts.get(serviceName)?.deployments ?? []) state.deploymentProgress.delete(id);
  state.rollouts.delete(serviceName);
  state.serviceConditions.delete(serviceName);
}
