import { limits } from "../limits.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { overProtectableTasks, type ProtectionReply } from "./task-protection.ts";

export type GetTaskProtectionRequest = { readonly cluster?: string; readonly tasks?: readonly string[] };

/** GetTaskProtection: the scale-in protection of up to 100 tasks. */
export function getTaskProtection(step: ClusterStep, request: GetTaskProtectionRequest): ProtectionReply {
  return overProtectableTasks(step, request.tasks, limits.tasksPerGetTaskProtection, (task) => task);
}
