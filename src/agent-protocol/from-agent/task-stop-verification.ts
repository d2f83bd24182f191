import { messageId, reference, stopCandidates, word } from "../agent-limits.ts";
import { defineMessage, type MessageOf } from "../message.ts";
import { list, object, optional } from "../shape.ts";

/** Tasks that the agent runs but that the manifest `messageId` does not name. The agent stops them only when ordered to. */
export const taskStopVerificationMessage = defineMessage("TaskStopVerificationMessage", {
  messageId,
  stopCandidates: list(
    object({ taskArn: reference, taskClusterArn: optional(reference), desiredStatus: optional(word) }),
    stopCandidates,
  ),
});
export type TaskStopVerificationMessage = MessageOf<typeof taskStopVerificationMessage>;
