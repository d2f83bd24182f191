import { messageId, word } from "../agent-limits.ts";
import { defineMessage, type MessageOf } from "../message.ts";
import { optional } from "../shape.ts";

export const iamRoleCredentialsAckRequest = defineMessage("IAMRoleCredentialsAckRequest", {
  messageId,
  expiration: optional(word),
  credentialsId: optional(messageId),
});
export type IamRoleCredentialsAckRequest = MessageOf<typeof iamRoleCredentialsAckRequest>;
