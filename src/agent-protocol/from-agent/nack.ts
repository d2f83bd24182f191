import { defineMessage, type MessageOf } from "../message.ts";
import { optional, text } from "../shape.ts";

/** The update message `messageId` was refused. */
export const nackRequest = defineMessage("NackRequest", {
  cluster: optional(text),
  containerInstance: optional(text),
  messageId: text,
  reason: optional(text),
});
export type NackRequest = MessageOf<typeof nackRequest>;
