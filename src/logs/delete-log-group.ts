import type { ServiceEffect } from "../service-machine/service-step.ts";
import type { LogsStep } from "./logs-state.ts";
import { groupNamed } from "./named-group.ts";

/** The streams and events of a deleted group are to be deleted. If that is lost, nothing can read them, and they go with their age. */
export type GroupDeleted = ServiceEffect & { readonly type: "log-group-deleted"; readonly groupId: string };

export function deleteLogGroup(step: LogsStep, request: { readonly logGroupName?: string }): object {
  const { name, id } = groupNamed(step, request.logGroupName);
  step.state.groups.delete(name);
  const effect: GroupDeleted = { type: "log-group-deleted", groupId: id };
  step.effects.push(effect);
  return {};
}

export const isGroupDeleted = (effect: ServiceEffect): effect is GroupDeleted => effect.type === "log-group-deleted";
