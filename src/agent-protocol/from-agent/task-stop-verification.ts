import { defineMessage, type MessageOf } from "../message.ts";
import { list, object, optional, text } from "../shape.ts";

/** Tasks that the agent runs and the manifest `messageId` does not want; it stops none before it is told to. */
export const taskStopVerificationMessage = defineMessage("TaskStopVerificationMessage", {
  messageId: text,
  stopCandidates: list(object({ taskArn: text, taskClusterArn: optional(text), desiredStatus: optional(text) })),
});
export type TaskStopVerificationMessage = MessageOf<typeof taskStopVerificationMessage>;
