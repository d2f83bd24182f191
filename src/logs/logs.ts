/** Amazon CloudWatch Logs: log groups as documents. Streams and events are in a store of their own, which completes the answers. */
import { type ServiceRulebook, serviceRulebook } from "../service-machine/service-rulebook.ts";
import { logOperations } from "./log-operations.ts";
import { createLogsState, type LogsState } from "./logs-state.ts";

export const logs: ServiceRulebook = serviceRulebook<LogsState>({
  name: "logs",
  operations: logOperations,
  createState: createLogsState,
});
