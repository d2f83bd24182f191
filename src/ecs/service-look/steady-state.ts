import { capacityProviderArn } from "../documents/capacity-provider.ts";
import type { Service } from "../documents/service.ts";
import { announceAction, tellService } from "../rollout/service-announcements.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { revisionOf } from "./service-task-template.ts";
import type { ServiceView } from "./service-view.ts";

/**
 * AWS: steady is a service with its desired count RUNNING and healthy, none PENDING, none on its way out, and one deployment.
 * Told when it becomes so, and again each six hours.
 */
export function isSteady({ service, primary, keepers, leavers, stopping, ofOthers }: ServiceView): boolean {
  if (primary.rolloutState !== "COMPLETED" || service.deployments.length > 1) return false;
  if (leavers.length > 0 || stopping > 0 || ofOthers > 0 || keepers.length !== service.desiredCount) return false;
  return keepers.every(({ isHealthy }) => isHealthy);
}

/** Notes whether a service is steady, and tells so when it has become it or it is time to say it again. */
export function lookAtSteadiness(step: ClusterStep, view: ServiceView): void {
  const { service } = view;
  const { services } = step.state;
  if (!isSteady(view)) {
    if (service.steadySince !== null) services.put(service.name, { ...service, steadySince: null });
    return;
  }
  const { steadySince, steadyAnnouncedAt } = service;
  const repeatAt = (steadyAnnouncedAt ?? step.now) + step.timeline.serviceEventRepeatMs;
  if (steadySince !== null && step.now < repeatAt) return;
  const steady: Service = {
    ...service,
    steadySince: steadySince ?? step.now,
    steadyAnnouncedAt: step.now,
    // What keeps the zones out of balance lasts on in a service that is steady otherwise.
    impedimentsTold: service.impediment === null ? [] : service.impedimentsTold,
  };
  services.put(service.name, steady);
  tellService(step, service.name, "has reached a steady state.");
  announceAction(step, service, "SERVICE_STEADY_STATE");
  const { capacityProviderStrategy } = revisionOf(step, view.primary);
  if (capacityProviderStrategy.length === 0) return;
  // AWS: the providers of its strategy are steady with it.
  const arns = capacityProviderStrategy.map((item) => capacityProviderArn(step.place, item.capacityProvider));
  announceAction(step, service, "CAPACITY_PROVIDER_STEADY_STATE", { capacityProviderArns: arns });
}
