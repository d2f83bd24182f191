import type { PlacementFilter } from "../candidate.ts";

/** AWS: no task is placed on an instance whose agent is disconnected. */
export const agentConnected: PlacementFilter = {
  reason: "AGENT",
  looksAt: "instance",
  lacks: ({ instance }) => (instance.agentConnected ? 0 : 1),
  explain: () => "The agent is not connected.",
};
