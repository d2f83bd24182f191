import { messageId, reference, reportedTasks, sentAt } from "../agent-limits.ts";
import { defineMessage, type MessageOf } from "../message.ts";
import { dropped, flag, list, object, optional } from "../shape.ts";

/** The usage of the containers. Times are epoch seconds. */
export const publishMetricsRequest = defineMessage("PublishMetricsRequest", {
  metadata: object({
    cluster: optional(reference),
    containerInstance: optional(reference),
    messageId: optional(messageId),
    idle: optional(flag),
    fin: optional(flag),
  }),
  taskMetrics: optional(list(dropped, reportedTasks)),
  instanceMetrics: optional(dropped),
  timestamp: sentAt,
});
export type PublishMetricsRequest = MessageOf<typeof publishMetricsRequest>;
