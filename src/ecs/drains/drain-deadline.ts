import { must } from "../../lib/assert.ts";
import type { Drain } from "../documents/drain.ts";
import { refuse } from "../refusals.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { beginStop } from "../task-life/begin-stop.ts";

/** LIMIT: as long as ECS lets its own drains take before the instance goes; if you need longer, set no deadline. */
const deadlineSecondsMax = 172_800;

/**
 * The deadline of a call, or null if it has none. A shorter timeline also shortens these seconds. Refuses with InvalidParameterException
 * anything but an integer from 1 to 172800.
 */
export function checkedDeadline({ now, timeline }: ClusterStep, deadlineSeconds: number | undefined): number | null {
  if (deadlineSeconds === undefined) return null;
  if (!Number.isInteger(deadlineSeconds) || deadlineSeconds < 1 || deadlineSeconds > deadlineSecondsMax) {
    refuse("InvalidParameterException", `deadlineSeconds must be between 1 and ${deadlineSecondsMax}.`);
  }
  return now + deadlineSeconds * timeline.drainSecondMs;
}

/**
 * Stops everything left on the instance at the deadline: service tasks whatever the percentages say, protected tasks, daemons and
 * standalone tasks.
 */
export function drainDue(step: ClusterStep, drain: Drain, instanceId: string): void {
  step.state.drains.put(instanceId, { ...drain, enforcedAt: step.now });
  for (const id of [...step.state.book.usageOf(instanceId).taskIds].sort()) {
    const task = must(step.state.tasks.get(id), "a task of the book");
    beginStop(step, task, "TerminationNotice", "The deadline of the container instance's drain has passed");
  }
}
