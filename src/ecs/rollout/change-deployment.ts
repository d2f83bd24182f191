import type { Deployment } from "../documents/deployment.ts";
import type { ClusterStep } from "../state/cluster-step.ts";

/**
 * Puts what `change` makes of a deployment into its service's document; nothing when the service has no such deployment (any
 * more), or when `change` gives back what it was given.
 */
export function changeDeployment(
  step: ClusterStep,
  serviceName: string,
  deploymentId: string,
  change: (deployment: Deployment) => Deployment,
): void {
  const service = step.state.services.get(serviceName);
  const known = service?.deployments.find(({ id }) => id === deploymentId);
  if (service === undefined || known === undefined) return;
  const changed = change(known);
  if (changed === known) return;
  const deployments = service.deployments.map((deployment) => (deployment === known ? changed : deployment));
  step.state.services.put(serviceName, { ...service, deployments });
}
