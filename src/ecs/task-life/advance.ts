import type { Attachment, AttachmentStatus } from "../documents/container-instance.ts";
import type { Container, StopCode, Task } from "../documents/task.ts";
import { type TaskSignal, taskLifecycle } from "./task-lifecycle.ts";

/** The task after `signal`, with the timestamps and attachments of its new status; the same object if the signal is ignored. */
export function advance(task: Task, signal: TaskSignal, now: number): Task {
  const next = taskLifecycle[task.lastStatus][signal];
  if (next === "ignored") return task;
  const moved: Task = { ...task, lastStatus: next, statusSince: now };
  // While a task waits for capacity, it has no ENI yet.
  const ownsInterface =
    task.waitingFor === null && task.attachments.some((attachment) => attachment.status !== "DELETED");
  switch (next) {
    case "PENDING":
      return { ...moved, attachments: withStatus(task, "ATTACHING"), containers: pendingContainers(task) };
    case "ACTIVATING":
      return { ...moved, attachments: withStatus(task, "ATTACHED"), connectivity: "CONNECTED", connectivityAt: now };
    case "RUNNING": {
      // AWS: a task without its own interface is CONNECTED from the agent's first report that it runs.
      const connected = task.connectivity === null;
      const running = { ...moved, startedAt: now, attachments: withStatus(task, "ATTACHED") };
      return connected ? { ...running, connectivity: "CONNECTED", connectivityAt: now } : running;
    }
    case "DEACTIVATING":
      // AWS: without targets to deregister, a bridge or host task shows STOPPING at once.
      return ownsInterface ? moved : advance(moved, "targets-deregistered", now);
    case "DEPROVISIONING":
      return ownsInterface
        ? { ...moved, attachments: withStatus(task, "DETACHING"), containers: stoppedContainers(task) }
        : advance(moved, "network-interface-gone", now);
    case "STOPPED":
      return {
        ...moved,
        stoppedAt: now,
        attachments: withStatus(task, "DELETED"),
        containers: stoppedContainers(task),
        // AWS: the tags of a task are deleted when it stops.
        tags: [],
        waitingFor: null,
        protectedUntil: null,
      };
    default:
      return moved;
  }
}

/** The task with desiredStatus STOPPED and the reason. Unchanged if it was already so: the first reason counts. */
export function wantStopped(task: Task, stopCode: StopCode, stoppedReason: string, now: number): Task {
  if (task.desiredStatus === "STOPPED") return task;
  return { ...task, desiredStatus: "STOPPED", stopCode, stoppedReason, stoppingAt: now };
}

function withStatus(task: Task, status: AttachmentStatus): readonly Attachment[] {
  return task.attachments.length === 0
    ? task.attachments
    : task.attachments.map((attachment) => ({ ...attachment, status }));
}

function pendingContainers(task: Task): readonly Container[] {
  return task.containers.map((container) =>
    container.lastStatus === "PROVISIONING" ? { ...container, lastStatus: "PENDING" } : container,
  );
}

function stoppedContainers(task: Task): readonly Container[] {
  if (task.containers.every((container) => container.lastStatus === "STOPPED")) return task.containers;
  return task.containers.map((container) => ({ ...container, lastStatus: "STOPPED" }));
}
