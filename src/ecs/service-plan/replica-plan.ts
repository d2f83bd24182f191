import type { PlannedStop, TaskMoves } from "./service-plan.ts";
import type { ServiceTask, ServiceView } from "./service-view.ts";

/** The bounds of a rollout. AWS: the lower one is rounded up, the upper one down. */
export function boundsOf({ service }: ServiceView): { readonly lower: number; readonly upper: number } {
  const { minimumHealthyPercent, maximumPercent } = service.deploymentConfiguration;
  return {
    lower: Math.ceil((service.desiredCount * minimumHealthyPercent) / 100),
    upper: Math.floor((service.desiredCount * maximumPercent) / 100),
  };
}

/**
 * The plan for a REPLICA service. AWS: healthy tasks never fewer than the lower bound, tasks that hold resources never more
 * than the upper one; a task that is PENDING or does not serve goes at once, one that serves only while enough others do.
 */
export function planReplica(view: ServiceView): TaskMoves {
  const { service, target, keepers, leavers } = view;
  if (service.status === "DRAINING") return { starts: null, stops: stopsOf(leavers), surplus: 0, hindrance: null };
  const { lower, upper } = boundsOf(view);
  const lost = leavers.filter(({ leaves }) => leaves === "lost");
  const occupied = keepers.length + leavers.length - lost.length + view.stopping;
  const missing = service.desiredCount + (view.condition.rebalance?.phase === "starting" ? 1 : 0) - keepers.length;
  const room = upper - occupied;
  const isFailed = target.rolloutState === "FAILED";
  const starts = isFailed ? 0 : Math.max(0, Math.min(missing, room));
  const surplus = Math.max(0, -missing);
  const stops = [
    ...pendingLeavers(leavers, isFailed),
    ...(isFailed ? leaversBeyond(view) : servingLeavers(view, lower, surplus)),
    ...unhealthyLeavers(view, starts, isFailed),
    ...lostLeavers(view, lost),
  ];
  const left = leavers.length - stops.length;
  const planned = starts === 0 ? null : { deploymentId: target.id, count: starts, instanceIds: null };
  if (left === 0) return { starts: planned, stops, surplus, hindrance: null };
  const moves = starts > 0 || stops.length > 0 || surplus > 0 || isInMotion(view);
  // Where only protected tasks are left, no other percentages would help.
  const isStuck = !moves && leavers.some(({ isProtected, leaves }) => !isProtected || leaves === "unhealthy");
  const hindrance = isFailed ? "deployment-failed" : isStuck ? "deployment-configuration" : "in-motion";
  return { starts: planned, stops, surplus, hindrance };
}

const stopsOf = (tasks: readonly ServiceTask[]): PlannedStop[] =>
  tasks.map(({ task, leaves }) => ({ task, why: leaves ?? "surplus" }));

/**
 * AWS: tasks that are not RUNNING yet are of no use to anybody. Those that fail their checks have a rule of their own; after a
 * failed rollout they stay, since nothing would take their place.
 */
function pendingLeavers(leavers: readonly ServiceTask[], isFailed: boolean): PlannedStop[] {
  const useless = ({ leaves, serves, isRunning, isProtected }: ServiceTask): boolean =>
    !serves && !isProtected && !(isFailed && isRunning) && (leaves === "draining" || leaves === "replaced");
  return stopsOf(leavers.filter(useless));
}

/** After a failed rollout the tasks that run stay, as many of them as are wanted: a scale-in is for them, too. */
function leaversBeyond({ service, leavers }: ServiceView): PlannedStop[] {
  const running = leavers.filter(({ leaves, isRunning }) => isRunning && leaves !== "lost");
  const isOfUse = ({ leaves, serves }: ServiceTask): boolean => serves && leaves !== "unhealthy";
  const open = running.filter(({ isProtected }) => !isProtected).sort(byReasonAndAge);
  const useless = open.filter((task) => !isOfUse(task));
  const serving = open.filter(isOfUse).slice(0, Math.max(0, running.filter(isOfUse).length - service.desiredCount));
  return stopsOf([...useless, ...serving].slice(0, Math.max(0, running.length - service.desiredCount)));
}

/**
 * Those that serve may go while healthy tasks stay at the lower bound or above it. AWS: what is not healthy goes
 * first, which is here what a deployment that was never COMPLETED has started just now.
 */
function servingLeavers(view: ServiceView, lower: number, surplus: number): PlannedStop[] {
  const serving = view.leavers.filter(
    ({ leaves, serves }) => serves && (leaves === "draining" || leaves === "replaced"),
  );
  const healthy = view.keepers.filter(({ isHealthy }) => isHealthy).length;
  const budget = Math.max(0, healthy - surplus + serving.length - lower);
  const open = serving.filter(({ isProtected }) => !isProtected);
  const unproven = open.filter((task) => !isProven(task)).sort(byReasonAndAge);
  // A drain goes before a rollout, and the oldest task first.
  const proven = open.filter(isProven).sort(byReasonAndAge);
  const spare = Math.max(0, healthy - surplus + serving.filter(isProven).length - lower);
  return stopsOf([...unproven, ...proven.slice(0, spare)].slice(0, budget));
}

/** AWS: for a drain RUNNING is healthy; a rollout counts on what has been RUNNING for long enough. */
const isProven = ({ leaves, isHealthy }: ServiceTask): boolean => leaves === "draining" || isHealthy;

function byReasonAndAge(a: ServiceTask, b: ServiceTask): number {
  if (a.leaves !== b.leaves) return a.leaves === "draining" ? -1 : 1;
  return a.task.createdAt - b.task.createdAt || (a.task.id < b.task.id ? -1 : 1);
}

/**
 * AWS: a task that fails its health checks is replaced first when the upper bound lets a replacement start; else they are
 * stopped one at a time. Protection from scale-in does not protect them.
 */
function unhealthyLeavers(view: ServiceView, starts: number, isFailed: boolean): PlannedStop[] {
  if (isFailed) return [];
  const unhealthy = view.leavers.filter(({ leaves }) => leaves === "unhealthy").sort(byReasonAndAge);
  const healthy = view.keepers.filter(({ isHealthy }) => isHealthy).length;
  const replaced = Math.max(0, healthy + unhealthy.length - view.service.desiredCount);
  if (replaced > 0) return stopsOf(unhealthy.slice(0, replaced));
  const stuck = starts === 0 && !isInMotion(view);
  return stuck ? stopsOf(unhealthy.slice(0, 1)) : [];
}

/** A task on a lost instance is given up once as many others are healthy: until then its agent may come back. */
function lostLeavers({ service, keepers }: ServiceView, lost: readonly ServiceTask[]): PlannedStop[] {
  const healthy = keepers.filter(({ isHealthy }) => isHealthy).length;
  return healthy >= service.desiredCount ? stopsOf(lost) : [];
}

/** True while something happens that will change the view by itself. */
function isInMotion({ stopping, keepers, changesAt }: ServiceView): boolean {
  return stopping > 0 || changesAt !== null || keepers.some(({ isHealthy }) => !isHealthy);
}
