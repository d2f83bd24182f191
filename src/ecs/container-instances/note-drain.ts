import type { ContainerInstance } from "../documents/container-instance.ts";
import type { ClusterState } from "../state/cluster-state.ts";

/** When the instance's drain began. */
export const drainStart = (state: ClusterState, { id, statusSince }: ContainerInstance): number =>
  state.drains.get(id)?.startedAt ?? statusSince;

/** Records that an instance drains, now or from the end of this step. Does nothing if that is already recorded. */
export function noteDrain(state: ClusterState, instance: ContainerInstance, now: number): void {
  if (state.drains.has(instance.id)) return;
  state.drains.put(instance.id, {
    startedAt: instance.status === "DRAINING" ? instance.statusSince : now,
    tasksAtStart: state.book.usageOf(instance.id).taskIds.size,
    deadlineAt: null,
    enforcedAt: null,
  });
}
