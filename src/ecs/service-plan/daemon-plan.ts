import { must } from "../../lib/assert.ts";
import type { Candidate, PlacementRefusal } from "../placement/candidate.ts";
import { candidateOf, refusalOn } from "../placement/place-task.ts";
import { daemonSpots, tasksBeforeDaemons } from "../service-view/daemon-spots.ts";
import { type InstanceRule, instanceRule } from "../service-view/instance-rule.ts";
import type { ServiceTask, ServiceView } from "../service-view/service-view.ts";
import type { Sight } from "../service-view/sight.ts";
import type { Hindrance, PlannedStop, StopReason, TaskMoves } from "./service-plan.ts";

/**
 * The plan for a DAEMON service: one task on each instance where it belongs, never two. AWS: a new task starts where the old
 * one has stopped, old ones go while healthy tasks stay at the lower bound; tasks whose instance no longer meets the constraints
 * are stopped; a draining instance keeps its daemons to the last and gets no new ones.
 */
export function planDaemon(sight: Sight, view: ServiceView): TaskMoves {
  const { service, target, leavers } = view;
  if (service.status === "DRAINING") {
    return { starts: [], stops: leavers.map(({ task }) => ({ task, why: "deleted" })), surplus: [], hindrance: null };
  }
  const rule = instanceRule(sight, service, target);
  const spots = daemonSpots(sight, service, target, rule);
  const scene = sceneOf(sight, view, new Set(spots));
  const isFailed = !view.replaces;
  const free = isFailed ? [] : spots.filter((id) => isFree(sight, rule, id));
  const stops = [
    ...misplaced(scene),
    ...drained(sight, view, scene, !isFailed && isRolledOut(scene, spots.length)),
    ...stopsOf(scene.lost, "lost"),
    ...stopsOf(scene.doubles, "surplus"),
    // After a failed rollout nothing would take the place of a task that runs, however it is.
    ...(isFailed ? pendingOf(scene.replaced.filter(({ isRunning }) => !isRunning)) : replacedNow(view, scene)),
    ...(isFailed ? [] : unhealthyNow(sight, rule, scene, spots)),
  ];
  return {
    starts: free.length === 0 ? [] : [{ deploymentId: target.id, count: free.length, instanceIds: free }],
    stops,
    surplus: [],
    hindrance: hindranceOf(view, scene, stops, free.length),
  };
}

/** The tasks that are wanted RUNNING, by what is to become of them. */
type Scene = {
  /** Of the target, one on each spot. */
  readonly settled: ServiceTask[];
  /** More of them on the same spots. */
  readonly doubles: ServiceTask[];
  readonly unhealthy: ServiceTask[];
  readonly replaced: ServiceTask[];
  /** On instances that are no spots. */
  readonly misplaced: ServiceTask[];
  readonly draining: ServiceTask[];
  readonly lost: ServiceTask[];
  /** Whether the agent can be told now. */
  readonly isInReach: (one: ServiceTask) => boolean;
};

function sceneOf({ state }: Sight, { keepers, leavers }: ServiceView, spots: ReadonlySet<string>): Scene {
  const isInReach = ({ task }: ServiceTask): boolean =>
    task.instanceId !== null && state.instances.get(task.instanceId)?.agentConnected === true;
  const scene: Scene = {
    settled: [],
    doubles: [],
    unhealthy: [],
    replaced: [],
    misplaced: [],
    draining: [],
    lost: [],
    isInReach,
  };
  const settled = new Map<string, ServiceTask>();
  for (const one of keepers) {
    const { instanceId } = one.task;
    if (instanceId === null || !spots.has(instanceId)) {
      scene.misplaced.push(one);
      continue;
    }
    const other = settled.get(instanceId);
    const stays = other === undefined || byUse(one, other) < 0 ? one : other;
    settled.set(instanceId, stays);
    if (other !== undefined) scene.doubles.push(stays === one ? other : one);
  }
  scene.settled.push(...settled.values());
  for (const one of leavers) {
    if (one.leaves === "draining") scene.draining.push(one);
    else if (one.leaves === "lost") scene.lost.push(one);
    else if (one.task.instanceId === null || !spots.has(one.task.instanceId)) scene.misplaced.push(one);
    else if (one.leaves === "unhealthy") scene.unhealthy.push(one);
    else scene.replaced.push(one);
  }
  return scene;
}

/** Of two on one instance the one that serves stays, then the older one. */
const byUse = (a: ServiceTask, b: ServiceTask): number => Number(b.serves) - Number(a.serves) || byAge(a, b);

const byAge = (a: ServiceTask, b: ServiceTask): number =>
  a.task.createdAt - b.task.createdAt || (a.task.id < b.task.id ? -1 : 1);

const stopsOf = (tasks: readonly ServiceTask[], why: StopReason): PlannedStop[] =>
  tasks.map(({ task }) => ({ task, why }));

/** AWS: the constraints are asked again of running daemons. Those of an older deployment just go with it. */
const misplaced = (scene: Scene): PlannedStop[] =>
  scene.misplaced
    .filter(({ leaves, isProtected }) => leaves !== "replaced" || !isProtected)
    .map(({ task, leaves }) => ({ task, why: leaves === "replaced" ? "replaced" : "violating" }));

/**
 * On an instance that drains: tasks that do not serve go at once, others when the instance has daemons only, and those of an older
 * deployment at the latest when the rollout is over elsewhere.
 * DIFFERS: AWS does not document what becomes of a daemon's old task on a draining instance when the rollout is over elsewhere. Here it stops then, although other tasks still run there, so that the deployment completes.
 */
function drained(sight: Sight, view: ServiceView, scene: Scene, isOver: boolean): PlannedStop[] {
  const goes = ({ task, serves, isProtected }: ServiceTask): boolean => {
    if (isProtected) return false;
    if (!serves || (isOver && task.startedBy !== view.target.id)) return true;
    return task.instanceId === null || tasksBeforeDaemons(sight.state, task.instanceId).length === 0;
  };
  return stopsOf(scene.draining.filter(goes), "draining");
}

/** True when every instance where the service belongs has a healthy task of the target and no other. */
const isRolledOut = ({ replaced, settled }: Scene, spots: number): boolean =>
  replaced.length === 0 && settled.length === spots && settled.every(({ isHealthy }) => isHealthy);

const pendingOf = (replaced: readonly ServiceTask[]): PlannedStop[] =>
  stopsOf(
    replaced.filter(({ serves, isProtected }) => !serves && !isProtected),
    "replaced",
  );

/** Old tasks that serve go, the oldest first, while enough others do; not from an agent that cannot start the new one now. */
function replacedNow(view: ServiceView, scene: Scene): PlannedStop[] {
  const serving = scene.replaced.filter(({ serves }) => serves);
  const healthy = scene.settled.filter(({ isHealthy }) => isHealthy).length;
  const budget = Math.max(0, healthy + serving.length - view.lower);
  const open = serving.filter((one) => !one.isProtected && scene.isInReach(one)).sort(byAge);
  return [...pendingOf(scene.replaced), ...stopsOf(open.slice(0, budget), "replaced")];
}

/** AWS: without room for a replacement beside them, tasks that fail their health checks are stopped one at a time. */
function unhealthyNow(sight: Sight, rule: InstanceRule, scene: Scene, spots: readonly string[]): PlannedStop[] {
  const [oldest] = scene.unhealthy.filter(scene.isInReach).sort(byAge);
  if (oldest === undefined) return [];
  const awaited =
    scene.settled.some((one) => !one.isHealthy && scene.isInReach(one)) ||
    spots.some((id) => isBetweenTasks(sight, rule, id));
  return awaited ? [] : stopsOf([oldest], "unhealthy");
}

/** True where one task is on its way out or gone and the next can follow. */
function isBetweenTasks(sight: Sight, rule: InstanceRule, instanceId: string): boolean {
  const candidate = must(candidateOf(sight.state, instanceId), "the instance of a daemon");
  if (!candidate.instance.agentConnected || candidate.usage.groups.has(rule.group)) return false;
  return candidate.usage.stoppingGroups.has(rule.group) || refusalAt(sight, rule, candidate) === null;
}

/** Why a daemon has no room on its instance now; null when it has. */
export function refusalAt(
  { state }: Pick<Sight, "state">,
  rule: InstanceRule,
  candidate: Candidate,
): PlacementRefusal | null {
  return refusalOn(state, must(rule.requestOn(candidate.instance), "what a daemon asks of its instance"), candidate);
}

/** True where no task of the service is, not even one that is on its way out, and the agent can be told. */
function isFree({ state }: Sight, { group }: InstanceRule, instanceId: string): boolean {
  const { groups, stoppingGroups } = state.book.usageOf(instanceId);
  return !groups.has(group) && !stoppingGroups.has(group) && state.instances.get(instanceId)?.agentConnected === true;
}

/** Why tasks that are to go stay: the percentages only when nothing else moves and a task could be stopped. */
function hindranceOf(
  { leavers, replaces, stopping }: ServiceView,
  { replaced, settled, isInReach }: Scene,
  stops: readonly PlannedStop[],
  starts: number,
): Hindrance | null {
  const going = new Set(stops.map(({ task }) => task));
  if (leavers.every(({ task }) => going.has(task))) return null;
  if (!replaces) return "deployment-failed";
  const isStuck = replaced.some((one) => one.serves && !one.isProtected && isInReach(one));
  const moves = starts > 0 || stops.length > 0 || stopping > 0 || settled.some(({ isHealthy }) => !isHealthy);
  return isStuck && !moves ? "deployment-configuration" : "in-motion";
}
