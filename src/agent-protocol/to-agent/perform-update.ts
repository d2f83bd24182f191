import { defineMessage, type MessageOf } from "../message.ts";
import { filledText, object, optional, text } from "../shape.ts";

/** Change to the staged version. The answer is an AckRequest or a NackRequest. */
export const performUpdateMessage = defineMessage("PerformUpdateMessage", {
  messageId: filledText,
  clusterArn: filledText,
  containerInstanceArn: filledText,
  /** The location of the image archive, and its SHA-256 in lower-case hex. */
  updateInfo: optional(object({ location: optional(text), signature: optional(text) })),
});
export type PerformUpdateMessage = MessageOf<typeof performUpdateMessage>;
