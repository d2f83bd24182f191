import { must } from "../../lib/assert.ts";
import type { Service } from "../documents/service.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { announceAction, type ServiceAction, tellService } from "./service-announcements.ts";

/**
 * Notes why a service does not get on, and tells so unless it was told before. AWS: an event that would repeat the last one of
 * its kind is held back while the condition lasts, or for six hours; it lasts until the service is steady, since one whose tasks
 * come and go gets on and does not with each of them. `action` is null where AWS has a line of the service's
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
  const told = stillTold(step, service);
  // Two reasons that take turns are told once each.
  const isHeldBack = told.some((line) => saysTheSame(line.message, message));
  if (isHeldBack && known?.message === message) return;
  const impediment = { message, isOfBalance, since: isKnown ? known.since : step.now };
  const impedimentsTold = isHeldBack ? told : [...told, { message, at: step.now }].slice(-toldMax);
  step.state.services.put(serviceName, { ...service, impediment, impedimentsTold });
  if (isHeldBack) return;
  tellService(step, serviceName, message);
  if (action !== null) announceAction(step, service, action, detail);
}

/** Adds a line to the service's events unless an equal one is held back, as {@link impede} does for what is in its way. */
export function tellOnce(step: ClusterStep, serviceName: string, message: string): void {
  const service = step.state.services.get(serviceName);
  if (service === undefined) return;
  const told = stillTold(step, service);
  if (told.some((line) => saysTheSame(line.message, message))) return;
  const impedimentsTold = [...told, { message, at: step.now }].slice(-toldMax);
  step.state.services.put(serviceName, { ...service, impedimentsTold });
  tellService(step, serviceName, message);
}

const stillTold = (step: ClusterStep, { impedimentsTold }: Service): Service["impedimentsTold"] =>
  impedimentsTold.filter(({ at }) => step.now < at + step.timeline.serviceEventRepeatMs);

/** LIMIT: there are few reasons for which a task is not placed; beyond these the oldest is told again. */
const toldMax = 12;

/** Which task failed, and which instance comes closest to having room, changes all the time and is no news. */
const saysTheSame = (a: string, b: string): boolean => a === b || withoutIds(a) === withoutIds(b);
const withoutIds = (message: string): string => message.replace(/\((?:container-instance|task) \w+\)/, "");

/** The service gets on again. */
export function clearImpediment(step: ClusterStep, serviceName: string): void {
  const service = must(step.state.services.get(serviceName), "a service");
  if (service.impediment !== null) step.state.services.put(serviceName, { ...service, impediment: null });
}
