import { capacityProviderArn } from "../documents/capacity-provider.ts";
import { clearImpediment, impede } from "../rollout/service-impediment.ts";
import { isImpaired } from "../rollout/start-backoff.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import type { ServicePlan } from "./replica-plan.ts";
import type { ServiceView } from "./service-view.ts";

/**
 * Says why a service that has found a place for every task still makes no progress: one reason at a time, since two that take
 * turns would be repeated with every look. Clears what was said before when nothing is in the way.
 */
export function tellImpediments(step: ClusterStep, view: ServiceView, plan: ServicePlan): void {
  const { service, rollout, target, progress, condition } = view;
  const empty = emptyProviders(step, view);
  const left = [...view.keepers, ...view.leavers].filter(({ serves }) => serves).length;
  const served = rollout.deployments.some(({ rolloutState }) => rolloutState === "COMPLETED");
  if (target.rolloutState === "FAILED" && served && left < service.desiredCount) {
    const { desiredCount } = service;
    impede(step, service.name, { type: "deployment-failed", deploymentId: target.id, left, desiredCount });
  } else if (plan.hindrance === "deployment-configuration") {
    impede(step, service.name, { type: "deployment-configuration" });
  } else if (protectedBeyond(view) > 0) {
    impede(step, service.name, { type: "protected-tasks", deploymentId: target.id });
  } else if (isImpaired(progress.startBackoff) && target.rolloutState !== "FAILED") {
    impede(step, service.name, { type: "tasks-do-not-start" });
  } else if (empty.length > 0) {
    const capacityProviderArns = empty.map((name) => capacityProviderArn(step.place, name));
    const detail = { capacityProviderArns, reason: "EMPTY CAPACITY PROVIDER" };
    const reason = { type: "empty-providers", providers: empty } as const;
    impede(step, service.name, reason, detail);
  } else if (plan.starts === 0 && condition.impediment?.isOfBalance !== true) clearImpediment(step, service.name);
}

/** How many protected tasks a scale-in leaves beyond the desired count. */
function protectedBeyond({ service, condition, keepers }: ServiceView): number {
  // A task that is moved to another zone is there twice for a while.
  if (service.schedulingStrategy === "DAEMON" || condition.rebalance !== null) return 0;
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
