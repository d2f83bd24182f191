import { defineMessage, type MessageOf } from "../message.ts";
import { filledText, object, oneOf, optional, text } from "../shape.ts";

export const roleCredentials = object({
  credentialsId: filledText,
  roleArn: optional(text),
  accessKeyId: optional(text),
  secretAccessKey: optional(text),
  sessionToken: optional(text),
  expiration: optional(text),
});

/** Fresh credentials of a task's role. */
export const iamRoleCredentialsMessage = defineMessage("IAMRoleCredentialsMessage", {
  messageId: filledText,
  taskArn: filledText,
  roleType: oneOf(["TaskApplication", "TaskExecution"]),
  roleCredentials,
  taskClusterArn: optional(text),
});
export type IamRoleCredentialsMessage = MessageOf<typeof iamRoleCredentialsMessage>;
