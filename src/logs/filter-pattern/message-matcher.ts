/** Says whether the message of a log event matches. */
export type MessageMatcher = (message: string) => boolean;
