import { capacityProviderArn } from "../documents/capacity-provider.ts";
import { revisionOf } from "../service-view/service-task-template.ts";
import type { ServiceView } from "../service-view/service-view.ts";
import { wantedIn } from "../service-view/task-sets.ts";
import type { PlanDraft } from "./plan-draft.ts";

/**
 * AWS: steady is a service with its desired count RUNNING and healthy, none PENDING, none on its way out, and one deployment.
 */
export function isSteady(view: ServiceView): boolean {
  const { rollout, target, keepers, leavers, stopping, ofOthers } = view;
  if (target.rolloutState !== "COMPLETED" || rollout.deployments.length > 1) return false;
  if (leavers.length > 0 || stopping > 0 || ofOthers > 0 || keepers.length !== wantedIn(view)) return false;
  return keepers.every(({ isHealthy }) => isHealthy);
}

/** Decides whether a service is steady. AWS: it says so when it becomes so, and again each six hours. */
export function concludeSteadiness(draft: PlanDraft, view: ServiceView): void {
  const { now, timeline, place } = draft.sight;
  const { steadySince, steadyAnnouncedAt, impediment, impedimentsTold } = view.condition;
  if (!isSteady(view)) {
    if (steadySince !== null) draft.change({ steadySince: null });
    return;
  }
  const repeatAt = (steadyAnnouncedAt ?? now) + timeline.serviceEventRepeatMs;
  if (steadySince !== null && now < repeatAt) return;
  draft.change({
    steadySince: steadySince ?? now,
    steadyAnnouncedAt: now,
    // What keeps the zones out of balance lasts on in a service that is steady otherwise.
    impedimentsTold: impediment === null ? [] : impedimentsTold,
  });
  draft.say("has reached a steady state.", "SERVICE_STEADY_STATE");
  const { capacityProviderStrategy } = revisionOf(draft.sight, view.target);
  if (capacityProviderStrategy.length === 0) return;
  // AWS: the providers of its strategy are steady with it.
  const arns = capacityProviderStrategy.map((item) => capacityProviderArn(place, item.capacityProvider));
  draft.say(null, "CAPACITY_PROVIDER_STEADY_STATE", { capacityProviderArns: arns });
}
