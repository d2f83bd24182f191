import type { LogsStep } from "./logs-state.ts";
import { refuseConstraint } from "./member-rules.ts";
import { groupNamed } from "./named-group.ts";

/** AWS: the numbers of days that a policy may name. */
const allowedDays: readonly number[] = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1_096, 1_827, 2_192, 2_557, 2_922, 3_288, 3_653,
];

export type PutRetentionPolicyRequest = { readonly logGroupName?: string; readonly retentionInDays?: number };

/** From now on older events of the group are not shown; they are deleted within a minute. */
export function putRetentionPolicy(
  step: LogsStep,
  { logGroupName, retentionInDays }: PutRetentionPolicyRequest,
): object {
  if (retentionInDays === undefined) refuseConstraint("null", "retentionInDays", "Member must not be null");
  if (!allowedDays.includes(retentionInDays)) {
    const allowed = `Member must satisfy enum value set: [${allowedDays.join(", ")}]`;
    refuseConstraint(`'${retentionInDays}'`, "retentionInDays", allowed);
  }
  const group = groupNamed(step, logGroupName);
  step.state.groups.put(group.name, { ...group, retentionDays: retentionInDays });
  return {};
}

export function deleteRetentionPolicy(step: LogsStep, request: { readonly logGroupName?: string }): object {
  const group = groupNamed(step, request.logGroupName);
  step.state.groups.put(group.name, { ...group, retentionDays: null });
  return {};
}
