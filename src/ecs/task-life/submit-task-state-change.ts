import { resourceId } from "../arn.ts";
import { type Task, waitsForInterface } from "../documents/task.ts";
import { limits } from "../limits.ts";
import { checkSpeaksFor } from "../references/instance-owner.ts";
import { refuse } from "../refusals.ts";
import type { Caller, Given } from "../state/call.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { advance, wantStopped } from "./advance.ts";
import { type ContainerReport, withContainerReports } from "./container-report.ts";
import { deliverTask } from "./deliver-tasks.ts";

export type SubmitTaskStateChangeRequest = {
  readonly cluster?: string;
  readonly task?: string;
  readonly status?: string;
  readonly reason?: string;
  readonly containers?: readonly ContainerReport[];
  readonly attachments?: readonly { readonly attachmentArn?: string; readonly status?: string }[];
  readonly pullStartedAt?: number;
  readonly pullStoppedAt?: number;
  readonly executionStoppedAt?: number;
};

/** AWS: the agent ignores the text; any 200 acknowledges its event. */
export const acknowledgment = { acknowledgment: "ok" } as const;

/**
 * SubmitTaskStateChange: an agent's report about a task. Reports that are late, repeated or about a removed task change nothing, but are
 * acknowledged, because the agent would repeat them indefinitely. Refuses an agent key that did not register the task's container instance
 * with AccessDeniedException.
 */
export function submitTaskStateChange(
  step: ClusterStep,
  request: SubmitTaskStateChangeRequest,
  { caller }: Given,
): typeof acknowledgment {
  return takeStateChange(step, request, { caller, action: "SubmitTaskStateChange" });
}

/** As `submitTaskStateChange`, for the call `action` of `caller`; null if the cluster itself assumes the change. */
export function takeStateChange(
  step: ClusterStep,
  request: SubmitTaskStateChangeRequest,
  speaker: { readonly caller: Caller; readonly action: string } | null,
): typeof acknowledgment {
  const reference = request.task ?? "";
  if (reference === "") refuse("InvalidParameterException", "Task cannot be empty.");
  const id = resourceId(step.place, step.clusterName, "task", reference);
  const task = id === null ? undefined : step.state.tasks.get(id);
  if (task === undefined || isOver(task)) return acknowledgment;
  if (speaker !== null) {
    const instance = step.state.instances.get(task.instanceId ?? "") ?? null;
    checkSpeaksFor(speaker.caller, instance, { action: speaker.action, resource: task.arn });
  }
  const next = reported(step, task, request);
  if (next !== task) {
    step.changeTask(next);
    // The agent started a task that should stop by now, so it gets the order again. A task whose interface is attached can start.
    const isOrder = task.lastStatus !== next.lastStatus || task.desiredStatus !== next.desiredStatus;
    const hasInterface = waitsForInterface(task) && next.lastStatus === "ACTIVATING";
    if (isOrder && (next.desiredStatus === "STOPPED" || hasInterface)) deliverTask(step, next.id);
  }
  return acknowledgment;
}

const isOver = (task: Task): boolean =>
  task.lastStatus === "STOPPED" || task.lastStatus === "DEPROVISIONING" || task.lastStatus === "PROVISIONING";

function reported(step: ClusterStep, task: Task, request: SubmitTaskStateChangeRequest): Task {
  let next = withTimes(withContainerReports(task, request.containers ?? []), request);
  if (confirmsInterface(task, request)) next = advance(next, "network-interface-attached", step.now);
  if (request.status === "RUNNING") next = running(step, next);
  if (request.status === "STOPPED") return stopped(step, next, request.reason ?? "");
  return essentialExited(next) ? wantedAfterExit(step, next) : next;
}

/**
 * AWS: when an essential container exits, the whole task must stop; others may take their time. A container that never ran leaves no exit
 * code: then the task failed to start, and its STOPPED report says so.
 */
function essentialExited({ startedAt, containers }: Task): boolean {
  const over = containers.filter(({ essential, lastStatus }) => essential && lastStatus === "STOPPED");
  const failed = startedAt === null && containers.some(({ exitCode, reason }) => exitCode === null && reason !== null);
  return over.some(({ exitCode }) => exitCode !== null) && !failed;
}

function wantedAfterExit(step: ClusterStep, task: Task): Task {
  if (task.desiredStatus === "STOPPED") return task;
  const wanted = wantStopped(task, "EssentialContainerExited", "Essential container in task exited", step.now);
  return advance(wanted, "stop-wanted", step.now);
}

function running(step: ClusterStep, task: Task): Task {
  const next = advance(task, "agent-running", step.now);
  // A task that should have stopped before it ran is stopped now.
  return next.desiredStatus === "STOPPED" ? advance(next, "stop-wanted", step.now) : next;
}

/** AWS: the control plane supplies code and text; the agent's own reason counts if nobody asked for the stop. */
function stopped(step: ClusterStep, task: Task, reason: string): Task {
  const agentReason = reason.slice(0, limits.reasonCharacters);
  const wanted =
    task.startedAt === null && !essentialExited(task)
      ? wantStopped(task, "TaskFailedToStart", agentReason || "Task failed to start", step.now)
      : wantStopped(task, "EssentialContainerExited", agentReason || "Essential container in task exited", step.now);
  return advance(wanted, "agent-stopped", step.now);
}

function confirmsInterface(task: Task, request: SubmitTaskStateChangeRequest): boolean {
  return (request.attachments ?? []).some(
    ({ attachmentArn = "", status }) =>
      status === "ATTACHED" && task.attachments.some(({ id }) => attachmentArn.endsWith(`/${id}`)),
  );
}

function withTimes(task: Task, request: SubmitTaskStateChangeRequest): Task {
  const pullStartedAt = task.pullStartedAt ?? request.pullStartedAt ?? null;
  const pullStoppedAt = task.pullStoppedAt ?? request.pullStoppedAt ?? null;
  const executionStoppedAt = task.executionStoppedAt ?? request.executionStoppedAt ?? null;
  const unchanged =
    pullStartedAt === task.pullStartedAt &&
    pullStoppedAt === task.pullStoppedAt &&
    executionStoppedAt === task.executionStoppedAt;
  return unchanged ? task : { ...task, pullStartedAt, pullStoppedAt, executionStoppedAt };
}
