import { messageId, reference, stopCandidates, word } from "../agent-limits.ts";
import { defineMessage, type MessageOf } from "../message.ts";
import { list, object, optional } from "../shape.ts";

/** Tasks that the agent runs and the manifest `messageId` does not want; it stops none before it is told to. */
export const taskStopVerificationMessage = defineMessage("TaskStopVerificationMessage", {
  messageId,
  stopCandidates: list(
    object({ taskArn: reference, taskClusterArn: optional(reference), desiredStatus: optional(word) }),
    stopCandidates,
  ),
});
export type TaskStopVerificationMessage = MessageOf<typeof taskStopVerificationMessage>;
