import { defineMessage, type MessageOf } from "../message.ts";
import { text } from "../shape.ts";

export const heartbeatAckRequest = defineMessage("HeartbeatAckRequest", { messageId: text });
export type HeartbeatAckRequest = MessageOf<typeof heartbeatAckRequest>;
