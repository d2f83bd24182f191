/** Receives what an operator should know. Whoever starts the agent passes it to a logger. */
export type AgentLog = (
  level: "debug" | "info" | "warn" | "error",
  fields: Readonly<Record<string, unknown>>,
  message: string,
) => void;
