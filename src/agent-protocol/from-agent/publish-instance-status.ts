import { messageId, reason, reference, reportedChecks, seconds, sentAt, word } from "../agent-limits.ts";
import { defineMessage, type MessageOf } from "../message.ts";
import { list, object, oneOf, optional } from "../shape.ts";

/** How the host's container runtime is. Times are epoch seconds. */
export const publishInstanceStatusRequest = defineMessage("PublishInstanceStatusRequest", {
  metadata: object({
    cluster: optional(reference),
    containerInstance: optional(reference),
    requestId: optional(messageId),
  }),
  statuses: list(
    object({
      /** `ContainerRuntime`; others are known and not sent by today's agents. */
      type: word,
      status: oneOf(["INITIALIZING", "OK", "IMPAIRED", "INSUFFICIENT_DATA"]),
      statusReason: optional(reason),
      /** The time of the check before the latest; the message's own timestamp is the better one. */
      lastUpdated: optional(seconds),
      lastStatusChange: optional(seconds),
    }),
    reportedChecks,
  ),
  timestamp: sentAt,
});
export type PublishInstanceStatusRequest = MessageOf<typeof publishInstanceStatusRequest>;
