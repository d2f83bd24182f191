import { defineMessage, type MessageOf } from "../message.ts";
import { list, number, object, oneOf, optional, text } from "../shape.ts";

/** How the host's container runtime is. Times are epoch seconds. */
export const publishInstanceStatusRequest = defineMessage("PublishInstanceStatusRequest", {
  metadata: object({ cluster: optional(text), containerInstance: optional(text), requestId: optional(text) }),
  statuses: list(
    object({
      /** `ContainerRuntime`; others are known and not sent by today's agents. */
      type: text,
      status: oneOf(["INITIALIZING", "OK", "IMPAIRED", "INSUFFICIENT_DATA"]),
      statusReason: optional(text),
      /** The time of the check before the latest; the message's own timestamp is the better one. */
      lastUpdated: optional(number),
      lastStatusChange: optional(number),
    }),
  ),
  timestamp: number,
});
export type PublishInstanceStatusRequest = MessageOf<typeof publishInstanceStatusRequest>;
