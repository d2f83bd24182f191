import { messageId, reason, reference } from "../agent-limits.ts";
import { defineMessage, type MessageOf } from "../message.ts";
import { optional } from "../shape.ts";

/** The agent refused the update message `messageId`. */
export const nackRequest = defineMessage("NackRequest", {
  cluster: optional(reference),
  containerInstance: optional(reference),
  messageId,
  reason: optional(reason),
});
export type NackRequest = MessageOf<typeof nackRequest>;
