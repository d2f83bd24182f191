import { defineMessage, type MessageOf } from "../message.ts";
import { filledText, integer, list, object, optional, text } from "../shape.ts";

/** Every task that belongs on the instance. The agent asks about the others that it runs. */
export const taskManifestMessage = defineMessage("TaskManifestMessage", {
  messageId: filledText,
  clusterArn: optional(text),
  containerInstanceArn: optional(text),
  generatedAt: optional(integer),
  /** From the same rising sequence as a payload's seqNum. The agent drops a manifest that is not newer than what it knows. */
  timeline: integer,
  tasks: optional(list(object({ taskArn: filledText, taskClusterArn: optional(text), desiredStatus: filledText }))),
});
export type TaskManifestMessage = MessageOf<typeof taskManifestMessage>;
