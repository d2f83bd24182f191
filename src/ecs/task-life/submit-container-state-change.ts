import type { Given } from "../state/call.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import type { ContainerReport } from "./container-report.ts";
import { type acknowledgment, takeStateChange } from "./submit-task-state-change.ts";

export type SubmitContainerStateChangeRequest = ContainerReport & { readonly cluster?: string; readonly task?: string };

/** SubmitContainerStateChange: the state of one container. The task's own status is reported separately. */
export function submitContainerStateChange(
  step: ClusterStep,
  request: SubmitContainerStateChangeRequest,
  { caller }: Given,
): typeof acknowledgment {
  const { cluster: _, task, ...report } = request;
  const change = { ...(task === undefined ? {} : { task }), containers: [report] };
  return takeStateChange(step, change, { caller, action: "SubmitContainerStateChange" });
}
