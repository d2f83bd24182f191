import type { Timeline } from "../timeline.ts";
import type { Task } from "./task.ts";

/** When a task wants to be looked at, or null. Everything follows from its document, so a restart forgets no timer. */
export function taskDueAt(task: Task, timeline: Timeline): number | null {
  const status = taskStatusDueAt(task, timeline);
  if (task.protectedUntil === null) return status;
  return status === null ? task.protectedUntil : Math.min(status, task.protectedUntil);
}

/** When its status wants to be looked at: the network, a wait for capacity that is too long, and the retention move it on. */
export function taskStatusDueAt(task: Task, timeline: Timeline): number | null {
  switch (task.lastStatus) {
    case "PROVISIONING":
      return (
        task.statusSince + (task.waitingFor === null ? timeline.networkInterfaceMs : timeline.provisioningTimeoutMs)
      );
    case "DEACTIVATING":
    case "DEPROVISIONING":
      return task.statusSince + timeline.networkInterfaceMs;
    case "PENDING":
    case "ACTIVATING":
      return task.desiredStatus === "RUNNING" ? task.statusSince + startingMs(task, timeline) : null;
    case "STOPPED":
      return (task.stoppedAt ?? task.statusSince) + timeline.stoppedTaskRetentionMs;
    default:
      return null;
  }
}

/** How long a task may stay in its status on the way to RUNNING. Its ENI, which comes first, has less time. */
const startingMs = ({ lastStatus, attachments }: Task, timeline: Timeline): number =>
  lastStatus === "PENDING" && attachments.length > 0 ? timeline.attachmentTimeoutMs : timeline.startTimeoutMs;
