import { followsTasks } from "../service-view/daemon-spots.ts";
import type { ServiceView } from "../service-view/service-view.ts";
import type { Sight } from "../service-view/sight.ts";

/** The moments at which time alone asks for a look at a service; every other occasion is noticed where it happens. */
export function lookTimes(sight: Sight, view: ServiceView, isLeftOver: boolean): readonly number[] {
  const { now, timeline, state } = sight;
  const { service, target, progress } = view;
  const { impediment, steadySince, steadyAnnouncedAt } = view.condition;
  const { until } = progress.startBackoff;
  const times: number[] = [];
  // Behind the services that the step under way leaves for the next one.
  if (isLeftOver) times.push(now);
  if (view.changesAt !== null) times.push(Math.max(view.changesAt, now + paceOf(sight, view)));
  if (until !== null && until > now) times.push(until);
  if (target.bakesUntil !== null && target.bakesUntil > now) times.push(target.bakesUntil);
  if (impediment !== null) {
    // With many services that wait for room the slow retries are made slower, so that they stay a small part of the work.
    times.push(now + Math.max(timeline.placementRetryMs, state.serviceIndex.hungry * retryShareMs));
  }
  if (steadyAnnouncedAt !== null && steadySince !== null) times.push(steadyAnnouncedAt + timeline.serviceEventRepeatMs);
  if (service.schedulingStrategy === "DAEMON" && service.status === "ACTIVE" && followsTasks(sight, service, target)) {
    times.push(now + timeline.placementRetryMs);
  }
  if (service.availabilityZoneRebalancing === "ENABLED" && steadySince !== null) {
    const rebalanceAt = steadySince + timeline.rebalanceAfterMs;
    if (rebalanceAt > now) times.push(rebalanceAt);
  }
  return times;
}

/**
 * LIMIT: thousands of tasks that were started at different milliseconds become healthy at as many; looks take a microsecond for
 * each task, and so are a small part of the work.
 */
const tasksPerMsOfPace = 10;

/** How much later what time alone changes may be seen. */
function paceOf({ timeline }: Sight, { keepers, leavers }: ServiceView): number {
  return Math.min(timeline.serviceLookMs, Math.floor((keepers.length + leavers.length) / tasksPerMsOfPace));
}

/** LIMIT: a retry looks at every instance, some milliseconds in the largest cluster. */
const retryShareMs = 100;
