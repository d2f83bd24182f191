import type { RandomStream } from "../../lib/random.ts";
import type { ClusterState } from "../cluster-state.ts";
import type { Task } from "../tasks/task.ts";
import { remaining } from "./filters/resources.ts";
import { candidateOf } from "./place-task.ts";
import type { PlacementStrategy } from "./placement-request.ts";

/** What the victims of one scale-in are told apart by: how many tasks of the service and how much room there is where they are. */
type Scene = {
  readonly inZone: Map<string, number>;
  readonly onInstance: Map<string, number>;
  readonly left: Map<string, { CPU: number; MEMORY: number }>;
};

/**
 * The tasks (of one service) in the order in which a scale-in stops them, each choice seeing the ones before; at most `count`.
 * AWS: without strategy, or spread over zones, the zone with the most tasks of the service and in it the instance with the
 * most; spread over anything else the zone with the most; binpack the task whose stop leaves its instance with the most room;
 * of those that are still equal any. Of several strategies each decides among those that the one before leaves.
 */
export function scaleInOrder(
  state: ClusterState,
  tasks: readonly Task[],
  strategies: readonly PlacementStrategy[],
  random: RandomStream,
  count: number = tasks.length,
): Task[] {
  const scene = sceneOf(state, tasks);
  const wishes = wishesOf(strategies, scene);
  // By id, so that the order in which they are handed in decides nothing.
  const open = [...tasks].sort((a, b) => (a.id < b.id ? -1 : 1));
  const victims: Task[] = [];
  while (victims.length < count && open.length > 0) {
    const at = pick(open, wishes, random);
    const [victim] = open.splice(at, 1) as [Task];
    victims.push(victim);
    leave(scene, victim);
  }
  return victims;
}

const zoneOf = (task: Task): string => task.availabilityZone ?? "";
const placeOf = (task: Task): string => task.instanceId ?? "";

function sceneOf(state: ClusterState, tasks: readonly Task[]): Scene {
  const scene: Scene = { inZone: new Map(), onInstance: new Map(), left: new Map() };
  const add = (instanceId: string, zone: string, count: number) => {
    scene.inZone.set(zone, (scene.inZone.get(zone) ?? 0) + count);
    scene.onInstance.set(instanceId, (scene.onInstance.get(instanceId) ?? 0) + count);
  };
  const group = tasks[0]?.group ?? "";
  // Tasks that may not be stopped count where they are, so the book is asked, and not `tasks`.
  for (const { id, availabilityZone } of state.instances.values()) {
    const count = state.book.usageOf(id).groups.get(group) ?? 0;
    if (count > 0) add(id, availabilityZone ?? "", count);
  }
  for (const id of state.managedHosts.keys()) {
    for (const taskId of state.book.usageOf(id).taskIds) {
      const task = state.tasks.get(taskId);
      if (task?.group === group && task.desiredStatus === "RUNNING") add(id, zoneOf(task), 1);
    }
  }
  for (const id of new Set(tasks.map(placeOf))) {
    const candidate = candidateOf(state, id);
    if (candidate === null) continue;
    scene.left.set(id, { CPU: remaining(candidate, "CPU"), MEMORY: remaining(candidate, "MEMORY") });
  }
  return scene;
}

/** The victim is gone, as far as the next choice is concerned. */
function leave({ inZone, onInstance, left }: Scene, victim: Task): void {
  inZone.set(zoneOf(victim), (inZone.get(zoneOf(victim)) ?? 0) - 1);
  onInstance.set(placeOf(victim), (onInstance.get(placeOf(victim)) ?? 0) - 1);
  const room = left.get(placeOf(victim));
  if (room === undefined) return;
  room.CPU += victim.reservation.cpu;
  room.MEMORY += victim.reservation.memoryMiB;
}

/** How much a task is wanted stopped; the first that tells two tasks apart decides. */
type Wish = (task: Task) => number;

function wishesOf(strategies: readonly PlacementStrategy[], { inZone, onInstance, left }: Scene): readonly Wish[] {
  const byZone: Wish = (task) => inZone.get(zoneOf(task)) ?? 0;
  const byInstance: Wish = (task) => onInstance.get(placeOf(task)) ?? 0;
  const wishes: Wish[] = [];
  for (const strategy of strategies.length === 0 ? [spreadOverZones] : strategies) {
    if (strategy.type === "random") return wishes;
    if (strategy.type === "binpack") {
      const { field } = strategy;
      const own = (task: Task) => (field === "CPU" ? task.reservation.cpu : task.reservation.memoryMiB);
      wishes.push((task) => (left.get(placeOf(task))?.[field] ?? 0) + own(task));
    } else if (strategy.field === spreadOverZones.field) {
      wishes.push(byZone);
    } else if (strategy.field === "instanceId" && wishes.includes(byZone)) {
      wishes.push(byInstance);
    } else {
      wishes.push(byZone);
      return wishes;
    }
  }
  if (wishes.at(-1) === byZone) wishes.push(byInstance);
  return wishes;
}

const spreadOverZones = { type: "spread", field: "attribute:ecs.availability-zone" } as const;

/** The index of a task that is wanted stopped the most. */
function pick(open: readonly Task[], wishes: readonly Wish[], random: RandomStream): number {
  let best = open.map((_, index) => index);
  for (const wish of wishes) {
    if (best.length === 1) break;
    const values = best.map((index) => wish(open[index] as Task));
    const most = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    best = best.filter((_, position) => values[position] === most);
  }
  return best[random.below(best.length)] as number;
}
