import { refuse } from "../refusals.ts";
import type { Given } from "../state/call.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { acknowledgment } from "../task-life/submit-task-state-change.ts";
import { acknowledgeInstanceAttachment } from "./acknowledge-instance-attachment.ts";

export type SubmitAttachmentStateChangesRequest = {
  readonly cluster?: string;
  readonly attachments?: readonly { readonly attachmentArn?: string; readonly status?: string }[];
};

/** SubmitAttachmentStateChanges: an agent confirms an ENI of its container instance. Unknown ones are acknowledged too. */
export function submitAttachmentStateChanges(
  step: ClusterStep,
  request: SubmitAttachmentStateChangesRequest,
  { caller }: Given,
): typeof acknowledgment {
  const attachments = request.attachments ?? [];
  if (attachments.length === 0) refuse("InvalidParameterException", "Attachments cannot be empty.");
  for (const { attachmentArn = "", status = "" } of attachments) {
    acknowledgeInstanceAttachment(step, { attachmentArn, status, caller });
  }
  return acknowledgment;
}
