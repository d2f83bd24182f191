/** Where the agent writes what an operator should know; whoever starts it hands that to a logger. */
export type AgentLog = (
  level: "debug" | "info" | "warn" | "error",
  fields: Readonly<Record<string, unknown>>,
  message: string,
) => void;
