import type { ServiceTask, ServiceView } from "../service-view/service-view.ts";
import { type TaskSet, wantedIn } from "../service-view/task-sets.ts";
import type { PlannedStart, PlannedStop, SetSurplus, TaskMoves } from "./service-plan.ts";

/**
 * Moves the task sets of a REPLICA service to what its strategy wants of them, whichever that is. AWS: healthy tasks never fewer than the lower
 * bound, tasks that hold resources never more than the upper one; a task that is PENDING or does not serve goes at once, one that serves
 * only while enough others do.
 */
export function moveTaskSets(view: ServiceView): TaskMoves {
  const { service, leavers, replaces } = view;
  if (service.status === "DRAINING") return { starts: [], stops: stopsOf(leavers), surplus: [], hindrance: null };
  const lost = leavers.filter(({ leaves }) => leaves === "lost");
  const { starts, surplus } = changesOfSets(view, lost.length);
  const isStarting = starts.length > 0;
  const stops = [
    ...pendingLeavers(leavers, replaces),
    ...(replaces ? servingLeavers(view, surplus) : leaversBeyond(view)),
    ...unhealthyLeavers(view, isStarting),
    ...lostLeavers(view, lost),
  ];
  if (leavers.length === stops.length) return { starts, stops, surplus, hindrance: null };
  const moves = isStarting || stops.length > 0 || surplus.length > 0 || isInMotion(view);
  // Where only protected tasks are left, no other percentages would help.
  const isStuck = !moves && leavers.some(({ isProtected, leaves }) => !isProtected || leaves === "unhealthy");
  const hindrance = !replaces ? "deployment-failed" : isStuck ? "deployment-configuration" : "in-motion";
  return { starts, stops, surplus, hindrance };
}

/** How many tasks each set lacks, as far as the upper bound has room for them, and how many it has beyond what is wanted. */
function changesOfSets(view: ServiceView, lost: number): Pick<TaskMoves, "starts" | "surplus"> {
  const starts: PlannedStart[] = [];
  const surplus: SetSurplus[] = [];
  let room = view.upper - (view.keepers.length + view.leavers.length - lost + view.stopping);
  for (const set of view.sets) {
    const deploymentId = set.deployment.id;
    const missing = set.wanted + movesOf(view, set) - keepersIn(view, set);
    const count = view.replaces ? Math.max(0, Math.min(missing, room)) : 0;
    room -= count;
    if (count > 0) starts.push({ deploymentId, count, instanceIds: null });
    if (missing < 0) surplus.push({ deploymentId, count: -missing });
  }
  return { starts, surplus };
}

/** A task that moves to another zone is there twice for a while. */
const movesOf = ({ condition, target }: ServiceView, { deployment }: TaskSet): number =>
  deployment === target && condition.rebalance?.phase === "starting" ? 1 : 0;

/** Most services have one set with tasks to keep, whose many tasks need not be asked. */
function keepersIn({ sets, target, keepers }: ServiceView, { deployment, wanted }: TaskSet): number {
  const isOnly = sets.every((set) => set.wanted === 0 || set.deployment === target);
  if (isOnly) return deployment === target ? keepers.length : 0;
  return wanted === 0 && deployment !== target
    ? 0
    : keepers.filter(({ task }) => task.startedBy === deployment.id).length;
}

const stopsOf = (tasks: readonly ServiceTask[]): PlannedStop[] =>
  tasks.map(({ task, leaves }) => ({ task, why: leaves ?? "surplus" }));

/**
 * AWS: tasks that are not RUNNING yet are of no use to anybody. Those that fail their checks have a rule of their own; after a
 * failed rollout they stay, since nothing would take their place.
 */
function pendingLeavers(leavers: readonly ServiceTask[], replaces: boolean): PlannedStop[] {
  const useless = ({ leaves, serves, isRunning, isProtected }: ServiceTask): boolean =>
    !serves && !isProtected && (replaces || !isRunning) && (leaves === "draining" || leaves === "replaced");
  return stopsOf(leavers.filter(useless));
}

/** After a failed rollout the tasks that run stay, as many of them as are wanted: a scale-in is for them, too. */
function leaversBeyond(view: ServiceView): PlannedStop[] {
  const { leavers } = view;
  const wanted = wantedIn(view);
  const running = leavers.filter(({ leaves, isRunning }) => isRunning && leaves !== "lost");
  const isOfUse = ({ leaves, serves }: ServiceTask): boolean => serves && leaves !== "unhealthy";
  const open = running.filter(({ isProtected }) => !isProtected).sort(byReasonAndAge);
  const useless = open.filter((task) => !isOfUse(task));
  const serving = open.filter(isOfUse).slice(0, Math.max(0, running.filter(isOfUse).length - wanted));
  return stopsOf([...useless, ...serving].slice(0, Math.max(0, running.length - wanted)));
}

/**
 * Those that serve may go while healthy tasks stay at the lower bound or above it. AWS: what is not healthy goes
 * first, which is here what a deployment that was never COMPLETED has started just now.
 */
function servingLeavers(view: ServiceView, surplus: readonly SetSurplus[]): PlannedStop[] {
  const tooMany = surplus.reduce((sum, { count }) => sum + count, 0);
  const serving = view.leavers.filter(
    ({ leaves, serves }) => serves && (leaves === "draining" || leaves === "replaced"),
  );
  const healthy = view.keepers.filter(({ isHealthy }) => isHealthy).length;
  const budget = Math.max(0, healthy - tooMany + serving.length - view.lower);
  const open = serving.filter(({ isProtected }) => !isProtected);
  const unproven = open.filter((task) => !isProven(task)).sort(byReasonAndAge);
  // A drain goes before a rollout, and the oldest task first.
  const proven = open.filter(isProven).sort(byReasonAndAge);
  const spare = Math.max(0, healthy - tooMany + serving.filter(isProven).length - view.lower);
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
function unhealthyLeavers(view: ServiceView, isStarting: boolean): PlannedStop[] {
  if (!view.replaces) return [];
  const unhealthy = view.leavers.filter(({ leaves }) => leaves === "unhealthy").sort(byReasonAndAge);
  const healthy = view.keepers.filter(({ isHealthy }) => isHealthy).length;
  const replaced = Math.max(0, healthy + unhealthy.length - wantedIn(view));
  if (replaced > 0) return stopsOf(unhealthy.slice(0, replaced));
  const stuck = !isStarting && !isInMotion(view);
  return stuck ? stopsOf(unhealthy.slice(0, 1)) : [];
}

/** A task on a lost instance is given up once as many others are healthy: until then its agent may come back. */
function lostLeavers(view: ServiceView, lost: readonly ServiceTask[]): PlannedStop[] {
  const healthy = view.keepers.filter(({ isHealthy }) => isHealthy).length;
  return healthy >= wantedIn(view) ? stopsOf(lost) : [];
}

/** True while something happens that will change the view by itself. */
function isInMotion({ stopping, keepers, changesAt }: ServiceView): boolean {
  return stopping > 0 || changesAt !== null || keepers.some(({ isHealthy }) => !isHealthy);
}
