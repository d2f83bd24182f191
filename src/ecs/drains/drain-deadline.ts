import { must } from "../../lib/assert.ts";
import type { Drain } from "../documents/drain.ts";
import { refuse } from "../refusals.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { beginStop } from "../task-life/begin-stop.ts";

/** LIMIT: as long as ECS lets the drains of its own take before the instance goes; who needs longer sets no deadline. */
const deadlineSecondsMax = 172_800;

/**
 * When the deadline of a call is, or null when it names none. A timeline that is made shorter makes its seconds shorter, too.
 * Refuses with InvalidParameterException what is no whole number from 1 to 172800.
 */
export function checkedDeadline({ now, timeline }: ClusterStep, deadlineSeconds: number | undefined): number | null {
  if (deadlineSeconds === undefined) return null;
  if (!Number.isInteger(deadlineSeconds) || deadlineSeconds < 1 || deadlineSeconds > deadlineSecondsMax) {
    refuse("InvalidParameterException", `deadlineSeconds must be between 1 and ${deadlineSecondsMax}.`);
  }
  return now + deadlineSeconds * timeline.drainSecondMs;
}

/**
 * Stops everything that is left on the instance when its drain is over time: tasks of services whatever the percentages say,
 * protected ones, daemons, and standalone ones.
 */
export function drainDue(step: ClusterStep, drain: Drain, instanceId: string): void {
  step.state.drains.put(instanceId, { ...drain, enforcedAt: step.now });
  for (const id of [...step.state.book.usageOf(instanceId).taskIds].sort()) {
    const task = must(step.state.tasks.get(id), "a task of the book");
    beginStop(step, task, "TerminationNotice", "The deadline of the container instance's drain is over");
  }
}
