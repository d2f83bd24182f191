import type { ClusterState } from "../ecs/state/cluster-state.ts";

/** Container instances and tasks by their status. */
export type StatusCounts = {
  readonly containerInstances: ReadonlyMap<string, number>;
  readonly tasks: ReadonlyMap<string, number>;
};

/** Counts over all `states`. */
export function statusCounts(states: Iterable<ClusterState>): StatusCounts {
  const containerInstances = new Map<string, number>();
  const tasks = new Map<string, number>();
  for (const state of states) {
    for (const { status } of state.instances.values()) increment(containerInstances, status);
    for (const { lastStatus } of state.tasks.values()) increment(tasks, lastStatus);
  }
  return { containerInstances, tasks };
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
