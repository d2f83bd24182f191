import { instanceTransition } from "../container-instances/container-instance-lifecycle.ts";
import { maySpeakFor } from "../references/instance-owner.ts";
import type { Caller } from "../state/call.ts";
import type { ClusterState } from "../state/cluster-state.ts";

/** Whether an agent may connect for an instance. If not, the instance is another key's, deregistered or unknown. */
export type AgentStanding = "welcome" | "not-yours" | "inactive" | "unknown";

export function agentStanding(state: ClusterState, instanceId: string, caller: Caller | null): AgentStanding {
  const instance = state.instances.get(instanceId);
  if (instance === undefined) return "unknown";
  if (caller !== null && !maySpeakFor(caller, instance)) return "not-yours";
  return instanceTransition(instance.status, "agent-connect") === "refused" ? "inactive" : "welcome";
}
