import { defineMessage, type MessageOf } from "../message.ts";
import { optional, text } from "../shape.ts";

/** Answers a PublishInstanceStatusRequest. */
export const ackPublishInstanceStatus = defineMessage("AckPublishInstanceStatus", { message: optional(text) });
export type AckPublishInstanceStatus = MessageOf<typeof ackPublishInstanceStatus>;
