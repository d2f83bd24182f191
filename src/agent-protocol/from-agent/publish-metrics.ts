import { defineMessage, type MessageOf } from "../message.ts";
import { anything, flag, list, number, object, optional, text } from "../shape.ts";

/** What the containers used. Times are epoch seconds. */
export const publishMetricsRequest = defineMessage("PublishMetricsRequest", {
  metadata: object({
    cluster: optional(text),
    containerInstance: optional(text),
    messageId: optional(text),
    idle: optional(flag),
    fin: optional(flag),
  }),
  taskMetrics: optional(list(anything)),
  instanceMetrics: optional(anything),
  timestamp: number,
});
export type PublishMetricsRequest = MessageOf<typeof publishMetricsRequest>;
