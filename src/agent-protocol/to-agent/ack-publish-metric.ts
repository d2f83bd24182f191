import { defineMessage, type MessageOf } from "../message.ts";
import { optional, text } from "../shape.ts";

/** Answers a PublishMetricsRequest. */
export const ackPublishMetric = defineMessage("AckPublishMetric", { message: optional(text) });
export type AckPublishMetric = MessageOf<typeof ackPublishMetric>;
