import { defineMessage, type MessageOf } from "../message.ts";
import { filledText, integer, list, object, optional, text } from "../shape.ts";

/** Which of the agent's stop candidates must stop. `messageId` is that of the manifest they came from. */
export const taskStopVerificationAck = defineMessage("TaskStopVerificationAck", {
  messageId: filledText,
  generatedAt: optional(integer),
  stopTasks: optional(
    list(object({ taskArn: filledText, taskClusterArn: optional(text), desiredStatus: optional(text) })),
  ),
});
export type TaskStopVerificationAck = MessageOf<typeof taskStopVerificationAck>;
