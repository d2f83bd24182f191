import type { ContainerInstance } from "../documents/container-instance.ts";
import type { ClusterState } from "../state/cluster-state.ts";

/** Since when an instance drains. */
export const drainStart = (state: ClusterState, { id, statusSince }: ContainerInstance): number =>
  state.drains.get(id)?.startedAt ?? statusSince;

/** Writes down that an instance drains, as it is about to or does already; without change if that is written down. */
export function noteDrain(state: ClusterState, instance: ContainerInstance, now: number): void {
  if (state.drains.has(instance.id)) return;
  state.drains.put(instance.id, {
    startedAt: instance.status === "DRAINING" ? instance.statusSince : now,
    tasksAtStart: state.book.usageOf(instance.id).taskIds.size,
    deadlineAt: null,
    enforcedAt: null,
  });
}
