import { messageId } from "../agent-limits.ts";
import { defineMessage, type MessageOf } from "../message.ts";

export const heartbeatAckRequest = defineMessage("HeartbeatAckRequest", { messageId });
export type HeartbeatAckRequest = MessageOf<typeof heartbeatAckRequest>;
