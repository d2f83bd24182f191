import type { ClusterState } from "../cluster-state.ts";
import { instanceTransition } from "./container-instance-lifecycle.ts";

/** What becomes of an agent that wants to connect for an instance: it may, or the instance is deregistered, or is none. */
export type AgentStanding = "welcome" | "inactive" | "unknown";

export function agentStanding(state: ClusterState, instanceId: string): AgentStanding {
  const instance = state.instances.get(instanceId);
  if (instance === undefined) return "unknown";
  return instanceTransition(instance.status, "agent-connect") === "refused" ? "inactive" : "welcome";
}
