import { capacityProviderArn } from "../documents/capacity-provider.ts";
import { clearImpediment, impede } from "../rollout/service-impediment.ts";
import { isImpaired } from "../rollout/start-backoff.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import type { ServicePlan } from "./replica-plan.ts";
import type { ServiceView } from "./service-view.ts";

/**
 * Says why a service that has found a place for every task still makes no progress: one reason at a time, since two that take
 * turns would be repeated with every look. AWS: the texts. Clears what was said before when nothing is in the way.
 */
export function tellImpediments(step: ClusterStep, view: ServiceView, plan: ServicePlan): void {
  const { service, primary } = view;
  const empty = emptyProviders(step, view);
  const left = [...view.keepers, ...view.leavers].filter(({ serves }) => serves).length;
  const served = service.deployments.some(({ rolloutState }) => rolloutState === "COMPLETED");
  if (primary.rolloutState === "FAILED" && served && left < service.desiredCount) {
    // DIFFERS: AWS does not document what becomes of the older tasks after a deployment failed without a rollback. Here none that stops is replaced, and the service's events say so each time one is lost.
    const message = `does not replace tasks that stop because (deployment ${primary.id}) failed; ${left} of ${service.desiredCount} are left. Update the service to start a new deployment.`;
    impede(step, service.name, message, null);
  } else if (plan.hindrance === "deployment-configuration") {
    const message =
      "was unable to stop or start tasks during a deployment because of the service deployment configuration. Update the minimumHealthyPercent or maximumPercent value and try again.";
    impede(step, service.name, message, null);
  } else if (protectedBeyond(view) > 0) {
    const message = `was unable to reach steady state because task set (${primary.id}) was unable to scale in. Reason: The number of protected tasks are more than the desired count of tasks`;
    impede(step, service.name, message, null);
  } else if (isImpaired(primary.startBackoff) && primary.rolloutState !== "FAILED") {
    const message =
      "is unable to consistently start tasks successfully. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.";
    impede(step, service.name, message, "SERVICE_TASK_START_IMPAIRED");
  } else if (empty.length > 0) {
    const message =
      "was unable to reach steady state. Reason: No Container Instances were found in your capacity provider.";
    const capacityProviderArns = empty.map((name) => capacityProviderArn(step.place, name));
    const detail = { capacityProviderArns, reason: "EMPTY CAPACITY PROVIDER" };
    impede(step, service.name, message, "SERVICE_TASK_PLACEMENT_FAILURE", detail);
  } else if (plan.starts === 0 && service.impediment?.isOfBalance !== true) clearImpediment(step, service.name);
}

/** How many protected tasks a scale-in leaves beyond the desired count. */
function protectedBeyond({ service, keepers }: ServiceView): number {
  // A task that is moved to another zone is there twice for a while.
  if (service.schedulingStrategy === "DAEMON" || service.rebalance !== null) return 0;
  return keepers.filter(({ isProtected }) => isProtected).length - service.desiredCount;
}

/** The capacity providers that tasks of the service wait for and that have no instance. */
function emptyProviders({ state }: ClusterStep, { keepers }: ServiceView): string[] {
  const awaited = new Set(keepers.flatMap(({ task }) => task.waitingFor?.capacityProvider ?? []));
  if (awaited.size === 0) return [];
  for (const { status, capacityProviderName } of state.instances.values()) {
    if (status === "ACTIVE" && capacityProviderName !== null) awaited.delete(capacityProviderName);
  }
  return [...awaited].sort();
}
