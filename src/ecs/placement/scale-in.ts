import type { RandomStream } from "../../lib/random.ts";
import type { PlacementStrategy } from "../documents/placement-request.ts";
import type { Task } from "../documents/task.ts";
import { remaining } from "./filters/resources.ts";
import type { Fleet } from "./fleet.ts";
import { candidateOf } from "./place-task.ts";
import { countsInSpread, spreadKeyOf } from "./spread-key.ts";
import { Tournaments } from "./tournaments.ts";

/** Tasks that are equal to every strategy: the same size on the same instance. */
type Pile = {
  readonly zone: Zone;
  readonly instance: Instance;
  readonly tasks: Task[];
  /** The number of the pile, and its place in its zone. */
  readonly at: number;
  readonly place: number;
};
/** Changes for all piles of a zone, or of an instance, when one of its tasks goes. */
type Zone = { readonly number: number; tasks: number };
type Instance = { tasks: number; readonly left: { CPU: number; MEMORY: number }; readonly piles: Pile[] };

/**
 * At most `count` tasks of a service in the order a scale-in stops them; each choice takes earlier ones into account.
 * AWS: without a strategy, or spread over zones: the zone with the most tasks of the service, and in it the instance with the most. Spread
 * over anything else: the zone with the most. Binpack: the task whose stop leaves its instance the most room. Ties are broken arbitrarily.
 * Each of several strategies decides among those that the previous one leaves.
 */
export function scaleInOrder(
  fleet: Fleet,
  tasks: readonly Task[],
  strategies: readonly PlacementStrategy[],
  random: RandomStream,
  count: number = tasks.length,
): Task[] {
  const zones = zonesOf(fleet, tasks);
  const wishes = wishesOf(strategies);
  const better = (a: Pile, b: Pile): number => {
    for (const wish of wishes) {
      const difference = wish(b) - wish(a);
      if (difference !== 0) return difference;
    }
    return 0;
  };
  const piles = zones.flat();
  const inZone = new Tournaments(
    zones.map(({ length }) => length),
    (a, b) => better(piles[a] as Pile, piles[b] as Pile),
  );
  const amongZones = new Tournaments([zones.length], (a, b) =>
    better(piles[inZone.winner(a)] as Pile, piles[inZone.winner(b)] as Pile),
  );
  const change = ({ zone, at, place, tasks: left }: Pile) => {
    inZone.change(zone.number, place, left.length === 0 ? -1 : at, left.length);
    const ties = inZone.ties(zone.number);
    amongZones.change(0, zone.number, ties === 0 ? -1 : zone.number, ties);
  };
  for (const pile of piles) change(pile);
  const victims: Task[] = [];
  while (victims.length < count && amongZones.ties(0) > 0) {
    const zone = amongZones.pick(0, random.below(amongZones.ties(0)));
    const pile = piles[inZone.pick(zone, amongZones.rest)] as Pile;
    const [victim] = pile.tasks.splice(inZone.rest, 1) as [Task];
    victims.push(victim);
    leave(pile, victim);
    for (const changed of pile.instance.piles) change(changed);
  }
  return victims;
}

/** Removes the chosen task as far as the next choice is concerned. */
function leave({ zone, instance }: Pile, { reservation }: Task): void {
  zone.tasks -= 1;
  instance.tasks -= 1;
  instance.left.CPU += reservation.cpu;
  instance.left.MEMORY += reservation.memoryMiB;
}

const zoneOf = (task: Task): string => task.availabilityZone ?? "";
const placeOf = (task: Task): string => task.instanceId ?? "";
const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The piles by zone, in an order independent of that of `tasks`. */
function zonesOf(fleet: Fleet, tasks: readonly Task[]): Pile[][] {
  const inZone = tasksByZone(fleet, tasks);
  const byKey = Map.groupBy(
    [...tasks].sort((a, b) => byText(a.id, b.id)),
    (task) => `${placeOf(task)} ${task.reservation.cpu} ${task.reservation.memoryMiB}`,
  );
  const sorted = [...byKey].sort(([a], [b]) => byText(a, b)).map(([, pile]) => pile);
  const byZone = Map.groupBy(sorted, ([first]) => zoneOf(first as Task));
  const instances = new Map<string, Instance>();
  let at = 0;
  return [...byZone]
    .sort(([a], [b]) => byText(a, b))
    .map(([name, zonePiles], number) => {
      const zone = { number, tasks: inZone.get(name) ?? 0 };
      return zonePiles.map((pileTasks, place) => {
        const instance = instanceOf(fleet, instances, pileTasks[0] as Task);
        const pile = { zone, instance, tasks: pileTasks, at, place };
        at += 1;
        instance.piles.push(pile);
        return pile;
      });
    });
}

function instanceOf(fleet: Fleet, known: Map<string, Instance>, task: Task): Instance {
  const id = placeOf(task);
  const before = known.get(id);
  if (before !== undefined) return before;
  const candidate = candidateOf(fleet, id);
  const left =
    candidate === null
      ? { CPU: 0, MEMORY: 0 }
      : { CPU: remaining(candidate, "CPU"), MEMORY: remaining(candidate, "MEMORY") };
  const instance = { tasks: countedOn(fleet, task, id), left, piles: [] };
  known.set(id, instance);
  return instance;
}

/** How many tasks of the service each zone keeps. From the index, not `tasks`, because tasks that must not stop count too. */
function tasksByZone(fleet: Fleet, tasks: readonly Task[]): Map<string, number> {
  const inZone = new Map<string, number>();
  const add = (zone: string, count: number) => inZone.set(zone, (inZone.get(zone) ?? 0) + count);
  const [first] = tasks;
  if (first === undefined) return inZone;
  for (const { id, availabilityZone } of fleet.instances.values()) {
    const count = countedOn(fleet, first, id);
    if (count > 0) add(availabilityZone ?? "", count);
  }
  for (const id of fleet.managedHosts.keys()) {
    for (const taskId of fleet.book.usageOf(id).taskIds) {
      const task = fleet.tasks.get(taskId);
      if (task !== undefined && countsInSpread(task) && spreadKeyOf(task) === spreadKeyOf(first)) add(zoneOf(task), 1);
    }
  }
  return inZone;
}

/** How many tasks on an instance count together with `task`. */
const countedOn = (fleet: Fleet, task: Task, instanceId: string): number =>
  fleet.placement.tasksCountedOn(spreadKeyOf(task), instanceId);

/** How strongly a pile's tasks should stop; the first wish that distinguishes two piles decides. */
type Wish = (pile: Pile) => number;

const byZone: Wish = ({ zone }) => zone.tasks;
const byInstance: Wish = ({ instance }) => instance.tasks;
/** What would be left on the instance. */
const byCpu: Wish = ({ instance, tasks }) => instance.left.CPU + (tasks[0]?.reservation.cpu ?? 0);
const byMemory: Wish = ({ instance, tasks }) => instance.left.MEMORY + (tasks[0]?.reservation.memoryMiB ?? 0);
const zoneField = "attribute:ecs.availability-zone";

function wishesOf(strategies: readonly PlacementStrategy[]): readonly Wish[] {
  const wishes: Wish[] = [];
  for (const strategy of strategies) {
    if (strategy.type === "random") return wishes;
    if (strategy.type === "binpack") wishes.push(strategy.field === "CPU" ? byCpu : byMemory);
    else if (strategy.field === "instanceId" && wishes.includes(byZone)) wishes.push(byInstance);
    else {
      wishes.push(byZone);
      if (strategy.field !== zoneField) return wishes;
    }
  }
  if (wishes.length === 0) return [byZone, byInstance];
  return wishes.at(-1) === byZone ? [...wishes, byInstance] : wishes;
}
