import type { ClusterStep } from "../cluster-step.ts";
import type { ContainerReport } from "./container-report.ts";
import { type acknowledgment, submitTaskStateChange } from "./submit-task-state-change.ts";

export type SubmitContainerStateChangeRequest = ContainerReport & { readonly cluster?: string; readonly task?: string };

/** SubmitContainerStateChange: one container's state; the task's own status is reported by itself. */
export function submitContainerStateChange(
  step: ClusterStep,
  request: SubmitContainerStateChangeRequest,
): typeof acknowledgment {
  const { cluster: _, task, ...report } = request;
  return submitTaskStateChange(step, { ...(task === undefined ? {} : { task }), containers: [report] });
}
