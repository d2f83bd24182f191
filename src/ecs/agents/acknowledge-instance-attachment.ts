import { parseArn } from "../arn.ts";
import { trunkAttached, trunkFailed, trunkRemoved } from "../container-instances/trunk.ts";
import type { ContainerInstance } from "../documents/container-instance.ts";
import { checkSpeaksFor } from "../references/instance-owner.ts";
import type { Caller } from "../state/call.ts";
import type { ClusterStep } from "../state/cluster-step.ts";

/**
 * Takes an agent's report about an attachment (SubmitAttachmentStateChanges). True if the attachment belongs to a container instance of
 * this cluster. Late or repeated reports, and those with another status, change nothing. Refuses an agent key that did not register the
 * instance with AccessDeniedException.
 */
export function acknowledgeInstanceAttachment(
  step: ClusterStep,
  {
    attachmentArn,
    status,
    caller,
  }: { readonly attachmentArn: string; readonly status: string; readonly caller: Caller },
): boolean {
  const instance = instanceWith(step, attachmentArn);
  if (instance === null) return false;
  checkSpeaksFor(caller, instance, { action: "SubmitAttachmentStateChanges", resource: attachmentArn });
  switch (status) {
    case "ATTACHED":
      trunkAttached(step, instance);
      break;
    case "FAILED":
      trunkFailed(step, instance, "The agent could not attach the trunk network interface.");
      break;
    case "DETACHED":
    case "DELETED":
      trunkRemoved(step, instance, status);
      break;
  }
  return true;
}

/** Few calls need this, so scanning all instances is cheaper than keeping an index. */
function instanceWith(step: ClusterStep, attachmentArn: string): ContainerInstance | null {
  const arn = parseArn(attachmentArn);
  if (arn === null || arn.type !== "attachment") return null;
  if (arn.account !== step.place.account || arn.region !== step.place.region) return null;
  if (arn.path.length > 2 || (arn.path.length === 2 && arn.path[0] !== step.clusterName)) return null;
  const id = arn.path.at(-1);
  for (const instance of step.state.instances.values()) {
    // Only the newest attachment is in use; older ones are trunks of failed registrations.
    if (instance.attachments.at(-1)?.id === id) return instance;
  }
  return null;
}
