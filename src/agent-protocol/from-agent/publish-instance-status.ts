import { messageId, reason, reference, reportedChecks, seconds, sentAt, word } from "../agent-limits.ts";
import { defineMessage, type MessageOf } from "../message.ts";
import { list, object, oneOf, optional } from "../shape.ts";

/** The state of the host's container runtime. Times are epoch seconds. */
export const publishInstanceStatusRequest = defineMessage("PublishInstanceStatusRequest", {
  metadata: object({
    cluster: optional(reference),
    containerInstance: optional(reference),
    requestId: optional(messageId),
  }),
  statuses: list(
    object({
      /** `ContainerRuntime`. Others are known, but today's agents don't send them. */
      type: word,
      status: oneOf(["INITIALIZING", "OK", "IMPAIRED", "INSUFFICIENT_DATA"]),
      statusReason: optional(reason),
      /** The time of the check before the latest. The message's own timestamp is more useful. */
      lastUpdated: optional(seconds),
      lastStatusChange: optional(seconds),
    }),
    reportedChecks,
  ),
  timestamp: sentAt,
});
export type PublishInstanceStatusRequest = MessageOf<typeof publishInstanceStatusRequest>;
