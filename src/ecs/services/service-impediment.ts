import { must } from "../../lib/assert.ts";
import type { ClusterStep } from "../cluster-step.ts";
import { announceAction, type ServiceAction, tellService } from "./service-announcements.ts";

/**
 * Notes why a service does not get on, and tells so unless it was told before. AWS: an event that would repeat the last one of
 * its kind is held back while the condition lasts, or for six hours. `action` is null where AWS has a line of the service's
 * events and no event beside it.
 */
export function impede(
  step: ClusterStep,
  serviceName: string,
  message: string,
  action: ServiceAction | null,
  detail: Readonly<Record<string, unknown>> = {},
  isOfBalance = false,
): void {
  const service = must(step.state.services.get(serviceName), "a service");
  const known = service.impediment;
  const isKnown = known !== null && saysTheSame(known.message, message);
  const isHeldBack = isKnown && step.now < known.announcedAt + step.timeline.serviceEventRepeatMs;
  if (isHeldBack && known.message === message) return;
  const since = isKnown ? known.since : step.now;
  const announcedAt = isHeldBack ? known.announcedAt : step.now;
  step.state.services.put(serviceName, { ...service, impediment: { message, isOfBalance, since, announcedAt } });
  if (isHeldBack) return;
  tellService(step, serviceName, message);
  if (action !== null) announceAction(step, service, action, detail);
}

/** Which instance comes closest to having room changes with every task that comes and goes, and is no news. */
const saysTheSame = (a: string, b: string): boolean => a === b || withoutInstance(a) === withoutInstance(b);
const withoutInstance = (message: string): string => message.replace(/\(container-instance \w+\)/, "");

/** The service gets on again. */
export function clearImpediment(step: ClusterStep, serviceName: string): void {
  const service = must(step.state.services.get(serviceName), "a service");
  if (service.impediment !== null) step.state.services.put(serviceName, { ...service, impediment: null });
}
