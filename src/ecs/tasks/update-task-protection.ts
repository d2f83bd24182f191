import { must } from "../../lib/assert.ts";
import { serviceNameOf } from "../documents/service.ts";
import type { Task } from "../documents/task.ts";
import { limits } from "../limits.ts";
import { refuse } from "../refusals.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { overProtectableTasks, type ProtectionReply } from "./task-protection.ts";

export type UpdateTaskProtectionRequest = {
  readonly cluster?: string;
  readonly tasks?: readonly string[];
  readonly protectionEnabled?: boolean;
  readonly expiresInMinutes?: number;
};

/**
 * UpdateTaskProtection: on for 1 to 2,880 minutes (by default 120), or off. AWS: each call restarts the expiry; protection can't be set
 * while a deployment waits for protected tasks.
 */
export function updateTaskProtection(step: ClusterStep, request: UpdateTaskProtectionRequest): ProtectionReply {
  const { protectionEnabled, expiresInMinutes } = request;
  if (protectionEnabled === undefined) refuse("InvalidParameterException", "protectionEnabled cannot be empty.");
  const minutes = expiresInMinutes ?? limits.protectionMinutesDefault;
  if (!Number.isInteger(minutes) || minutes < 1 || minutes > limits.protectionMinutesMax) {
    refuse("InvalidParameterException", `expiresInMinutes must be between 1 and ${limits.protectionMinutesMax}.`);
  }
  const protectedUntil = protectionEnabled ? step.now + minutes * 60_000 : null;
  return overProtectableTasks(step, request.tasks, limits.tasksPerUpdateTaskProtection, (task) => {
    if (protectedUntil !== null && isBlockedByProtection(step, task)) return null;
    step.noteTask({ ...task, protectedUntil });
    return must(step.state.tasks.get(task.id), "the task that was protected");
  });
}

/** True if a deployment of the task's service waits only for protected tasks of earlier deployments. */
function isBlockedByProtection(step: ClusterStep, task: Task): boolean {
  const rollout = step.state.rollouts.get(serviceNameOf(task) ?? "");
  if (rollout === undefined || rollout.deployments.length < 2) return false;
  const former = [...step.state.serviceIndex.book.taskIdsOf(rollout.serviceName)]
    .map((id) => must(step.state.tasks.get(id), "a task of a service"))
    .filter(({ startedBy, desiredStatus }) => startedBy !== rollout.targetId && desiredStatus === "RUNNING");
  const isProtected = ({ protectedUntil }: Task): boolean => protectedUntil !== null && protectedUntil > step.now;
  return former.length > 0 && former.every(isProtected);
}
