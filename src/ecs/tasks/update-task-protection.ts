import { must } from "../../lib/assert.ts";
import type { ClusterStep } from "../cluster-step.ts";
import { limits } from "../limits.ts";
import { refuse } from "../refusals.ts";
import { overProtectableTasks, type ProtectionReply } from "./task-protection.ts";

export type UpdateTaskProtectionRequest = {
  readonly cluster?: string;
  readonly tasks?: readonly string[];
  readonly protectionEnabled?: boolean;
  readonly expiresInMinutes?: number;
};

/** UpdateTaskProtection: on for 1 to 2,880 minutes (120 unless given), or off. AWS: each call sets the expiry anew. */
export function updateTaskProtection(step: ClusterStep, request: UpdateTaskProtectionRequest): ProtectionReply {
  const { protectionEnabled, expiresInMinutes } = request;
  if (protectionEnabled === undefined) refuse("InvalidParameterException", "protectionEnabled cannot be empty.");
  const minutes = expiresInMinutes ?? limits.protectionMinutesDefault;
  if (!Number.isInteger(minutes) || minutes < 1 || minutes > limits.protectionMinutesMax) {
    refuse("InvalidParameterException", `expiresInMinutes must be between 1 and ${limits.protectionMinutesMax}.`);
  }
  const protectedUntil = protectionEnabled ? step.now + minutes * 60_000 : null;
  return overProtectableTasks(step, request.tasks, limits.tasksPerUpdateTaskProtection, (task) => {
    step.noteTask({ ...task, protectedUntil });
    return must(step.state.tasks.get(task.id), "the task that was protected");
  });
}
