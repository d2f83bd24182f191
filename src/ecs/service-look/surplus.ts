import type { Task } from "../documents/task.ts";
import { distribute } from "../launch/distribute.ts";
import { scaleInOrder } from "../placement/scale-in.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { boundsOf, type PlannedStop, type ServicePlan } from "./replica-plan.ts";
import { revisionOf } from "./service-task-template.ts";
import type { ServiceView } from "./service-view.ts";

/**
 * Which of the tasks that a service is to keep are too many, at most `max` of them. AWS: a scale-in stops tasks that are not
 * RUNNING or not healthy first, then by the placement strategy; protected ones never.
 */
export function surplusOf(step: ClusterStep, view: ServiceView, { surplus }: ServicePlan, max: number): PlannedStop[] {
  if (surplus === 0) return [];
  const open = view.keepers.filter(({ isProtected }) => !isProtected);
  const useless = open.filter(({ serves }) => !serves).map(({ task }) => task);
  const serving = open.filter(({ serves }) => serves).map(({ task }) => task);
  // What is protected stays though it does not serve yet; what serves instead goes no further than the lower bound.
  const spare = view.keepers.filter(({ serves }) => serves).length - boundsOf(view).lower;
  const count = Math.max(0, Math.min(surplus - useless.length, spare, max));
  const gone = useless.slice(0, surplus);
  const ordered = count === 0 ? [] : byProvider(step, view, gone, serving, count);
  return [...gone, ...ordered].map((task) => ({ task, why: "surplus" }));
}

/** AWS: the ratio of a capacity provider strategy holds over the life of a service, so that providers beyond their share go first. */
function byProvider(
  step: ClusterStep,
  { service, primary, keepers }: ServiceView,
  gone: readonly Task[],
  serving: readonly Task[],
  count: number,
): Task[] {
  const { capacityProviderStrategy } = revisionOf(step, primary);
  const inOrder = (tasks: readonly Task[], most: number): Task[] =>
    scaleInOrder(step.state, tasks, service.placementStrategy, step.random("scale-in"), most);
  if (capacityProviderStrategy.length < 2) return inOrder(serving, count);
  const excess = new Map<string, number>();
  const change = (provider: string | null, by: number): void => {
    if (provider !== null) excess.set(provider, (excess.get(provider) ?? 0) + by);
  };
  for (const { task } of keepers) change(task.capacityProviderName, 1);
  for (const { capacityProviderName } of gone) change(capacityProviderName, -1);
  for (const provider of distribute(capacityProviderStrategy, service.desiredCount)) change(provider, -1);
  const beyond = [...excess].flatMap(([provider, tasks]) => {
    const own = serving.filter(({ capacityProviderName }) => capacityProviderName === provider);
    return tasks > 0 ? inOrder(own, Math.min(tasks, count)) : [];
  });
  const chosen = new Set(beyond.slice(0, count));
  // Where protected tasks keep a provider beyond its share, others go in their stead.
  const others = serving.filter((task) => !chosen.has(task));
  return [...chosen, ...(chosen.size < count ? inOrder(others, count - chosen.size) : [])];
}
