import { defineMessage, type MessageOf } from "../message.ts";
import { filledText, integer, list, optional } from "../shape.ts";
import { elasticNetworkInterface } from "./network-interface.ts";

/** The instance's trunk interface is being attached. The agent confirms it with SubmitAttachmentStateChanges. */
export const attachInstanceNetworkInterfacesMessage = defineMessage("AttachInstanceNetworkInterfacesMessage", {
  messageId: filledText,
  clusterArn: filledText,
  containerInstanceArn: filledText,
  waitTimeoutMs: integer,
  elasticNetworkInterfaces: list(elasticNetworkInterface),
  generatedAt: optional(integer),
});
export type AttachInstanceNetworkInterfacesMessage = MessageOf<typeof attachInstanceNetworkInterfacesMessage>;
