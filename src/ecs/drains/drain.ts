import type { ClusterState } from "../cluster-state.ts";
import type { ContainerInstance } from "../container-instances/container-instance.ts";

/**
 * The document of a drain (kind `drain`, key: the id of the container instance). There is one while the instance is DRAINING,
 * but for instances that a version without these documents began to drain.
 */
export type Drain = {
  readonly startedAt: number;
  /** Tasks that were on the instance when it was set to DRAINING, or when that was first written down. */
  readonly tasksAtStart: number;
  /** When what is left is stopped; null without a deadline. */
  readonly deadlineAt: number | null;
  /** When that was done; null before. */
  readonly enforcedAt: number | null;
};

/** When what is left is to be stopped, or null. */
export const drainDueAt = ({ deadlineAt, enforcedAt }: Drain): number | null =>
  enforcedAt === null ? deadlineAt : null;

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
