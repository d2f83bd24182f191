import { defineMessage, type MessageOf } from "../message.ts";
import { optional, text } from "../shape.ts";

/** The message `messageId` was taken. */
export const ackRequest = defineMessage("AckRequest", {
  cluster: optional(text),
  containerInstance: optional(text),
  messageId: text,
});
export type AckRequest = MessageOf<typeof ackRequest>;
