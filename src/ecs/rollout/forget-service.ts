import type { Service } from "../documents/service.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { forgetStanding } from "./change-standing.ts";
import { forgetServiceHistory } from "./service-history.ts";

/** Forgets an INACTIVE service with all that belongs to it. */
export function forgetService(step: ClusterStep, service: Service): void {
  forgetServiceHistory(step, service.name);
  for (const key of [...step.state.serviceIndex.eventKeysOf(service.name)]) step.state.serviceEvents.delete(key);
  forgetStanding(step, service.name);
  step.state.services.delete(service.name);
}
