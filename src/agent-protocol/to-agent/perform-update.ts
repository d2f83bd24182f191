import { defineMessage, type MessageOf } from "../message.ts";
import { filledText, object, optional, text } from "../shape.ts";

/** Change to the version that was staged. The answer is an AckRequest or a NackRequest. */
export const performUpdateMessage = defineMessage("PerformUpdateMessage", {
  messageId: filledText,
  clusterArn: filledText,
  containerInstanceArn: filledText,
  /** Where the image archive lies, and its SHA-256 in lower-case hex. */
  updateInfo: optional(object({ location: optional(text), signature: optional(text) })),
});
export type PerformUpdateMessage = MessageOf<typeof performUpdateMessage>;
