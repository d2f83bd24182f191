import { defineMessage, type MessageOf } from "../message.ts";
import { optional, text } from "../shape.ts";

export const iamRoleCredentialsAckRequest = defineMessage("IAMRoleCredentialsAckRequest", {
  messageId: text,
  expiration: optional(text),
  credentialsId: optional(text),
});
export type IamRoleCredentialsAckRequest = MessageOf<typeof iamRoleCredentialsAckRequest>;
