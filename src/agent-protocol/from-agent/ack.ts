import { messageId, reference } from "../agent-limits.ts";
import { defineMessage, type MessageOf } from "../message.ts";
import { optional } from "../shape.ts";

/** The agent accepted the message `messageId`. */
export const ackRequest = defineMessage("AckRequest", {
  cluster: optional(reference),
  containerInstance: optional(reference),
  messageId,
});
export type AckRequest = MessageOf<typeof ackRequest>;
