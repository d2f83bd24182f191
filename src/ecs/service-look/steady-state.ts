import { capacityProviderArn } from "../documents/capacity-provider.ts";
import { changeCondition } from "../rollout/change-standing.ts";
import { announceAction, tellService } from "../rollout/service-announcements.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { revisionOf } from "./service-task-plan.ts";
import type { ServiceView } from "./service-view.ts";

/**
 * AWS: steady is a service with its desired count RUNNING and healthy, none PENDING, none on its way out, and one deployment.
 * Told when it becomes so, and again each six hours.
 */
export function isSteady({ service, rollout, target, keepers, leavers, stopping, ofOthers }: ServiceView): boolean {
  if (target.rolloutState !== "COMPLETED" || rollout.deployments.length > 1) return false;
  if (leavers.length > 0 || stopping > 0 || ofOthers > 0 || keepers.length !== service.desiredCount) return false;
  return keepers.every(({ isHealthy }) => isHealthy);
}

/** Notes whether a service is steady, and tells so when it has become it or it is time to say it again. */
export function lookAtSteadiness(step: ClusterStep, view: ServiceView): void {
  const { service, condition } = view;
  if (!isSteady(view)) {
    if (condition.steadySince !== null) {
      changeCondition(step, service.name, (known) => ({ ...known, steadySince: null }));
    }
    return;
  }
  const { steadySince, steadyAnnouncedAt } = condition;
  const repeatAt = (steadyAnnouncedAt ?? step.now) + step.timeline.serviceEventRepeatMs;
  if (steadySince !== null && step.now < repeatAt) return;
  changeCondition(step, service.name, (known) => ({
    ...known,
    steadySince: steadySince ?? step.now,
    steadyAnnouncedAt: step.now,
    // What keeps the zones out of balance lasts on in a service that is steady otherwise.
    impedimentsTold: known.impediment === null ? [] : known.impedimentsTold,
  }));
  tellService(step, service.name, "has reached a steady state.");
  announceAction(step, service, "SERVICE_STEADY_STATE");
  const { capacityProviderStrategy } = revisionOf(step, view.target);
  if (capacityProviderStrategy.length === 0) return;
  // AWS: the providers of its strategy are steady with it.
  const arns = capacityProviderStrategy.map((item) => capacityProviderArn(step.place, item.capacityProvider));
  announceAction(step, service, "CAPACITY_PROVIDER_STEADY_STATE", { capacityProviderArns: arns });
}
