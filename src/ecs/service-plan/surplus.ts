import { must } from "../../lib/assert.ts";
import type { Task } from "../documents/task.ts";
import { distribute } from "../launch/distribute.ts";
import { scaleInOrder } from "../placement/scale-in.ts";
import { revisionOf } from "../service-view/service-task-template.ts";
import type { ServiceTask, ServiceView } from "../service-view/service-view.ts";
import type { Sight } from "../service-view/sight.ts";
import type { TaskSet } from "../service-view/task-sets.ts";
import type { PlannedStop, TaskMoves } from "./service-plan.ts";

/**
 * Which of the tasks that a service is to keep are too many, at most `max` of them. AWS: a scale-in stops tasks that are not
 * RUNNING or not healthy first, then by the placement strategy; protected ones never.
 */
export function surplusOf(sight: Sight, view: ServiceView, { surplus }: TaskMoves, max: number): PlannedStop[] {
  const found: PlannedStop[] = [];
  // What is protected stays though it does not serve yet; what serves instead goes no further than the lower bound.
  let spare = surplus.length === 0 ? 0 : view.keepers.filter(({ serves }) => serves).length - view.lower;
  for (const { deploymentId, count: tooMany } of surplus) {
    const keepers = view.keepers.filter(({ task }) => task.startedBy === deploymentId);
    const open = keepers.filter(({ isProtected }) => !isProtected);
    const useless = open.filter(({ serves }) => !serves).map(({ task }) => task);
    const serving = open.filter(({ serves }) => serves).map(({ task }) => task);
    const count = Math.max(0, Math.min(tooMany - useless.length, spare, max - found.length));
    const gone = useless.slice(0, tooMany);
    const set = must(
      view.sets.find(({ deployment }) => deployment.id === deploymentId),
      "the set of a surplus",
    );
    const ordered = count === 0 ? [] : byProvider(sight, view, set, keepers, gone, serving, count);
    spare -= ordered.length;
    found.push(...[...gone, ...ordered].map((task) => ({ task, why: "surplus" as const })));
  }
  return found;
}

/** AWS: the ratio of a capacity provider strategy holds over the life of a service, so that providers beyond their share go first. */
function byProvider(
  sight: Sight,
  { service }: ServiceView,
  { deployment, wanted }: TaskSet,
  keepers: readonly ServiceTask[],
  gone: readonly Task[],
  serving: readonly Task[],
  count: number,
): Task[] {
  const { capacityProviderStrategy } = revisionOf(sight, deployment);
  const inOrder = (tasks: readonly Task[], most: number): Task[] =>
    scaleInOrder(sight.state, tasks, service.placementStrategy, sight.random("scale-in"), most);
  if (capacityProviderStrategy.length < 2) return inOrder(serving, count);
  const excess = new Map<string, number>();
  const change = (provider: string | null, by: number): void => {
    if (provider !== null) excess.set(provider, (excess.get(provider) ?? 0) + by);
  };
  for (const { task } of keepers) change(task.capacityProviderName, 1);
  for (const { capacityProviderName } of gone) change(capacityProviderName, -1);
  for (const provider of distribute(capacityProviderStrategy, wanted)) change(provider, -1);
  const beyond = [...excess].flatMap(([provider, tasks]) => {
    const own = serving.filter(({ capacityProviderName }) => capacityProviderName === provider);
    return tasks > 0 ? inOrder(own, Math.min(tasks, count)) : [];
  });
  const chosen = new Set(beyond.slice(0, count));
  // Where protected tasks keep a provider beyond its share, others go in their stead.
  const others = serving.filter((task) => !chosen.has(task));
  return [...chosen, ...(chosen.size < count ? inOrder(others, count - chosen.size) : [])];
}
