import { defineMessage, type MessageOf } from "../message.ts";
import { filledText, integer, list, object, optional, text } from "../shape.ts";

/** A volume of a task is being attached. */
export const confirmAttachmentMessage = defineMessage("ConfirmAttachmentMessage", {
  messageId: filledText,
  clusterArn: filledText,
  containerInstanceArn: filledText,
  taskArn: optional(text),
  taskClusterArn: optional(text),
  waitTimeoutMs: optional(integer),
  attachment: object({
    attachmentArn: filledText,
    attachmentType: optional(text),
    attachmentProperties: optional(list(object({ name: text, value: text }))),
  }),
});
export type ConfirmAttachmentMessage = MessageOf<typeof confirmAttachmentMessage>;
