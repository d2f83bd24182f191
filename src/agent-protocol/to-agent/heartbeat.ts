import { defineMessage, type MessageOf } from "../message.ts";
import { filledText, flag, optional } from "../shape.ts";

/** Keeps the session alive. The agent answers it and checks its container runtime. */
export const heartbeatMessage = defineMessage("HeartbeatMessage", { messageId: filledText, healthy: optional(flag) });
export type HeartbeatMessage = MessageOf<typeof heartbeatMessage>;
