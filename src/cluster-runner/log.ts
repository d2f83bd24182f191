export type LogLevel = "debug" | "info" | "warn" | "error";

/** Where the runner writes what an operator should know; `server` passes it to its logger. */
export type Log = (level: LogLevel, fields: Readonly<Record<string, unknown>>, message: string) => void;
