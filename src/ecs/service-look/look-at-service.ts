import { must } from "../../lib/assert.ts";
import { isFargateProvider } from "../documents/capacity-provider.ts";
import { primaryOf, type Service } from "../documents/service.ts";
import { announceAction, tellService } from "../rollout/service-announcements.ts";
import { impede } from "../rollout/service-impediment.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { planDaemon } from "./daemon-plan.ts";
import { daemonSpots, followsTasks } from "./daemon-spots.ts";
import { impedimentOf, problemDetail } from "./placement-problem.ts";
import { interruptRebalance, lookAtBalance } from "./rebalance.ts";
import { planReplica, type ServicePlan } from "./replica-plan.ts";
import { retire } from "./retire-service.ts";
import { revisionOf } from "./service-task-template.ts";
import { type ServiceView, viewService } from "./service-view.ts";
import { type Started, startServiceTasks } from "./start-service-tasks.ts";
import { lookAtSteadiness } from "./steady-state.ts";
import { named, stopServiceTasks } from "./stop-service-tasks.ts";
import { surplusOf } from "./surplus.ts";
import { tellImpediments } from "./tell-impediments.ts";
import { countUnhealthy, endIfFailed, endIfRolledOut, forgetOldFailures } from "./watch-deployment.ts";

/** LIMIT: a look holds the event loop; what is to be started or stopped beyond this comes in the next one, which follows at once. */
export const changesPerLook = 100;

/**
 * Brings a service one step closer to what it is to be: the whole of it is looked at, whatever the occasion. Gives how many
 * tasks were started and stopped. AWS: how a service keeps its desired count, rolls out, drains, fails and becomes steady.
 */
export function lookAtService(step: ClusterStep, name: string): number {
  const known = step.state.services.get(name);
  if (known === undefined || known.status === "INACTIVE") return 0;
  step.state.serviceIndex.looks.looked(name, step.now);
  if (waitsForFargate(step, known)) return 0;
  endIfFailed(step, known);
  countDaemons(step, name);
  if (known.rebalance !== null) interruptRebalance(step, viewNow(step, name));
  const view = viewNow(step, name);
  const plan = planOf(step, view);
  // One more than a look stops tells that there are more.
  const stops = [...plan.stops, ...surplusOf(step, view, plan, changesPerLook + 1)];
  const stopped = stops.slice(0, changesPerLook);
  countUnhealthy(step, view, stopped);
  stopServiceTasks(step, serviceNow(step, name), stopped);
  const { started, isHindered } = start(step, view, plan);
  // Of fewer starts than a look may make the rest found no room.
  const startsLeft = started === changesPerLook && plan.starts > started;
  settle(step, name, plan, isHindered);
  lookAgain(step, name, view, stops.length > stopped.length || startsLeft);
  return started + stopped.length;
}

/** While the account is asked for more of the quota for Fargate, services on Fargate wait: for its answer, or for a while if none comes. */
function waitsForFargate(step: ClusterStep, service: Service): boolean {
  if (!step.waitsForFargate) return false;
  const { launchType, capacityProviderStrategy } = revisionOf(step, primaryOf(service));
  const [first] = capacityProviderStrategy;
  const isOnFargate = launchType === "FARGATE" || (first !== undefined && isFargateProvider(first.capacityProvider));
  if (isOnFargate) {
    step.state.serviceIndex.lacksRoom(service.name, "fargate");
    step.state.serviceIndex.looks.at(service.name, step.now + step.timeline.serviceLookMs);
  }
  return isOnFargate;
}

const serviceNow = (step: ClusterStep, name: string): Service => must(step.state.services.get(name), "a service");
const viewNow = (step: ClusterStep, name: string): ServiceView =>
  viewService(step.state, serviceNow(step, name), step.now);

/** What is to be done about a service as it stands. */
export function planOf(step: ClusterStep, view: ServiceView): ServicePlan {
  return view.service.schedulingStrategy === "DAEMON" ? planDaemon(step, view) : planReplica(view);
}

/** AWS: the desired count of a DAEMON service is the number of instances that match. */
function countDaemons(step: ClusterStep, name: string): void {
  const service = serviceNow(step, name);
  if (service.schedulingStrategy !== "DAEMON" || service.status !== "ACTIVE") return;
  const desiredCount = daemonSpots(step, service).length;
  if (desiredCount === service.desiredCount) return;
  step.state.services.put(name, { ...service, desiredCount });
  announceAction(step, service, "SERVICE_DESIRED_COUNT_UPDATED");
}

/** How many tasks may be started now: none while starts are held back after failures. */
function startable({ primary }: ServiceView, now: number): number {
  const { until } = primary.startBackoff;
  return until !== null && until > now ? 0 : changesPerLook;
}

/** Starts what may be started now; `isHindered` when the service was told that a task found no place. */
function start(step: ClusterStep, view: ServiceView, plan: ServicePlan): { started: number; isHindered: boolean } {
  const { name } = view.service;
  const service = serviceNow(step, name);
  const count = Math.min(plan.starts, startable(view, step.now));
  if (count === 0) {
    step.state.serviceIndex.lacksRoom(name, null);
    return { started: 0, isHindered: false };
  }
  const { taskIds, problem } = plan.start?.(count) ?? startServiceTasks(step, service, view.primary, count);
  tellStarted(step, service, taskIds);
  const lacks = problem?.type === "fargate" ? "fargate" : "instances";
  step.state.serviceIndex.lacksRoom(name, problem === null ? null : lacks);
  if (problem === null) return { started: taskIds.length, isHindered: false };
  impede(step, name, impedimentOf(problem), problemDetail(step, problem));
  return { started: taskIds.length, isHindered: true };
}

function tellStarted(step: ClusterStep, service: Service, taskIds: Started["taskIds"]): void {
  if (taskIds.length === 0) return;
  tellService(step, service.name, `has started ${taskIds.length} tasks: ${named(taskIds)}.`);
  announceAction(step, service, "TASKS_STARTED");
}

/** What follows when tasks were started and stopped: impediments, the end of the deployment or of the service, steadiness. */
function settle(step: ClusterStep, name: string, plan: ServicePlan, isHindered: boolean): void {
  const view = viewNow(step, name);
  if (view.service.status === "DRAINING") {
    if (view.keepers.length === 0 && view.leavers.length === 0) retire(step, name);
    return;
  }
  if (!isHindered) tellImpediments(step, view, plan);
  forgetOldFailures(step, view);
  endIfRolledOut(step, view);
  lookAtBalance(step, viewNow(step, name));
  lookAtSteadiness(step, viewNow(step, name));
}

/** When time alone asks for the next look; every other occasion is noticed where it happens. */
function lookAgain(step: ClusterStep, name: string, view: ServiceView, leftOver: boolean): void {
  const { looks, hungry } = step.state.serviceIndex;
  const service = step.state.services.get(name);
  if (service === undefined || service.status === "INACTIVE") return;
  // Behind the services that the step under way leaves for the next one.
  if (leftOver) looks.at(name, step.now);
  const after = viewService(step.state, service, step.now);
  const { until } = after.primary.startBackoff;
  if (after.changesAt !== null) looks.at(name, Math.max(after.changesAt, step.now + paceOf(step, after)));
  if (until !== null && until > step.now) looks.at(name, until);
  const { bakesUntil } = primaryOf(service);
  if (bakesUntil !== null && bakesUntil > step.now) looks.at(name, bakesUntil);
  if (service.impediment !== null) {
    // With many services that wait for room the slow retries are made slower, so that they stay a small part of the work.
    looks.at(name, step.now + Math.max(step.timeline.placementRetryMs, hungry * retryShareMs));
  }
  if (service.steadyAnnouncedAt !== null && service.steadySince !== null) {
    looks.at(name, service.steadyAnnouncedAt + step.timeline.serviceEventRepeatMs);
  }
  if (service.schedulingStrategy === "DAEMON" && service.status === "ACTIVE" && followsTasks(step, service)) {
    looks.at(name, step.now + step.timeline.placementRetryMs);
  }
  if (view.service.availabilityZoneRebalancing === "ENABLED" && service.steadySince !== null) {
    const rebalanceAt = service.steadySince + step.timeline.rebalanceAfterMs;
    if (rebalanceAt > step.now) looks.at(name, rebalanceAt);
  }
}

/**
 * LIMIT: thousands of tasks that were started at different milliseconds become healthy at as many; looks take a microsecond for
 * each task, and so are a small part of the work.
 */
const tasksPerMsOfPace = 10;

/** How much later what time alone changes may be seen. */
function paceOf({ timeline }: ClusterStep, { keepers, leavers }: ServiceView): number {
  return Math.min(timeline.serviceLookMs, Math.floor((keepers.length + leavers.length) / tasksPerMsOfPace));
}

/** LIMIT: a retry looks at every instance, some milliseconds in the largest cluster. */
const retryShareMs = 100;
