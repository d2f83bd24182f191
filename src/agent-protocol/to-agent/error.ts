import { defineMessage, type MessageOf } from "../message.ts";
import { optional, text } from "../shape.ts";

/** The server hit an error. The agent logs it. */
export const errorMessage = defineMessage("ErrorMessage", { message: optional(text) });
export type ErrorMessage = MessageOf<typeof errorMessage>;
