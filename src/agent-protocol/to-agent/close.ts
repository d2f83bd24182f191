import { defineMessage, type MessageOf } from "../message.ts";
import { optional, text } from "../shape.ts";

/** The server is about to close the connection. The agent logs it. */
export const closeMessage = defineMessage("CloseMessage", { message: optional(text) });
export type CloseMessage = MessageOf<typeof closeMessage>;
