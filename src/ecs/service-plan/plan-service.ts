import { daemonSpots } from "../service-view/daemon-spots.ts";
import type { ServiceDocuments, ServiceView } from "../service-view/service-view.ts";
import type { Sight } from "../service-view/sight.ts";
import { progressOf } from "../state/service-documents.ts";
import { planDaemon } from "./daemon-plan.ts";
import { moveTaskSets } from "./move-task-sets.ts";
import { PlanDraft } from "./plan-draft.ts";
import { planStops } from "./plan-stops.ts";
import type { PlannedStart, ServicePlan, TaskMoves } from "./service-plan.ts";
import { surplusOf } from "./surplus.ts";
import { countUnhealthy, givingUpOf } from "./watch-deployment.ts";
import { interruptRebalance } from "./zone-balance.ts";

/** LIMIT: a look holds the event loop; what is to be started or stopped beyond this comes in the next one, which follows at once. */
export const changesPerLook = 100;

/**
 * What to do about a service that is not INACTIVE, one step closer to what it is to be: whether its deployment is given up, which of its
 * tasks stop, and how many start. Reads, and changes nothing. What follows from starting them is for `concludeStarts`.
 */
export function planService(sight: Sight, documents: ServiceDocuments): ServicePlan {
  const draft = new PlanDraft(sight, documents);
  const givingUp = givingUpOf(sight, draft.view());
  if (givingUp !== null) draft.giveUp(givingUp);
  countDaemons(draft);
  if (draft.condition.rebalance !== null) interruptRebalance(draft, draft.view());
  const view = draft.view();
  const moves = movesOf(sight, view);
  // One more than a look stops tells that there are more.
  const stops = [...moves.stops, ...surplusOf(sight, view, moves, changesPerLook + 1)];
  const stopped = stops.slice(0, changesPerLook);
  countUnhealthy(draft, view, stopped);
  planStops(draft, view, stopped);
  for (const start of startable(sight, view, moves)) draft.add({ type: "start", ...start });
  return { items: draft.items, moves, stopped: stopped.length, stopsLeft: stops.length > stopped.length };
}

/** What is to be done about the tasks of a service as it is. */
export function movesOf(sight: Sight, view: ServiceView): TaskMoves {
  return view.service.schedulingStrategy === "DAEMON" ? planDaemon(sight, view) : moveTaskSets(view);
}

/** AWS: the desired count of a DAEMON service is the number of instances that match. */
function countDaemons(draft: PlanDraft): void {
  const { service } = draft.documents;
  if (service.schedulingStrategy !== "DAEMON" || service.status !== "ACTIVE") return;
  const desiredCount = daemonSpots(draft.sight, service, draft.view().target).length;
  if (desiredCount === service.desiredCount) return;
  draft.count(desiredCount);
  draft.say(null, "SERVICE_DESIRED_COUNT_UPDATED");
}

/** What may be started now: none of a deployment whose starts are held back after failures. */
function startable({ state, now }: Sight, { target, progress }: ServiceView, { starts }: TaskMoves): PlannedStart[] {
  const found: PlannedStart[] = [];
  let left = changesPerLook;
  for (const start of starts) {
    const { deploymentId } = start;
    const shown = deploymentId === target.id ? progress : progressOf(state, progress.serviceName, deploymentId);
    const { until } = shown.startBackoff;
    const count = until !== null && until > now ? 0 : Math.min(start.count, left);
    left -= count;
    if (count > 0) found.push({ ...start, count });
  }
  return found;
}
