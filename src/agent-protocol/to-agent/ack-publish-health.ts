import { defineMessage, type MessageOf } from "../message.ts";
import { optional, text } from "../shape.ts";

/** Answers a PublishHealthRequest. */
export const ackPublishHealth = defineMessage("AckPublishHealth", { message: optional(text) });
export type AckPublishHealth = MessageOf<typeof ackPublishHealth>;
