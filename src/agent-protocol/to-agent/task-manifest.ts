import { defineMessage, type MessageOf } from "../message.ts";
import { filledText, integer, list, object, optional, text } from "../shape.ts";

/** Every task that belongs on the instance; the agent asks about the others that it runs. */
export const taskManifestMessage = defineMessage("TaskManifestMessage", {
  messageId: filledText,
  clusterArn: optional(text),
  containerInstanceArn: optional(text),
  generatedAt: optional(integer),
  /** From the same rising numbers as a payload's seqNum; the agent drops a manifest that is not newer than what it knows. */
  timeline: integer,
  tasks: optional(list(object({ taskArn: filledText, taskClusterArn: optional(text), desiredStatus: filledText }))),
});
export type TaskManifestMessage = MessageOf<typeof taskManifestMessage>;
