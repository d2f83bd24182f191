import { defineMessage, type MessageOf } from "../message.ts";
import { filledText, integer, list, optional, text } from "../shape.ts";
import { elasticNetworkInterface } from "./network-interface.ts";

/** Network interfaces of a task are being attached. The agent confirms them with SubmitTaskStateChange. */
export const attachTaskNetworkInterfacesMessage = defineMessage("AttachTaskNetworkInterfacesMessage", {
  messageId: filledText,
  clusterArn: filledText,
  containerInstanceArn: filledText,
  taskArn: filledText,
  waitTimeoutMs: integer,
  elasticNetworkInterfaces: list(elasticNetworkInterface),
  taskClusterArn: optional(text),
  generatedAt: optional(integer),
});
export type AttachTaskNetworkInterfacesMessage = MessageOf<typeof attachTaskNetworkInterfacesMessage>;
