import type { ContainerInstance } from "../documents/container-instance.ts";
import { type LostAgentPolicy, policyKey } from "../documents/lost-agent-policy.ts";
import type { Table } from "../tables/table.ts";

/**
 * False for an instance whose tasks are about to go: it isn't ACTIVE, or its agent is away in a cluster that replaces the tasks of lost
 * agents. Spread doesn't count tasks there.
 */
export const staysFilled = (
  { lostAgentPolicies }: { readonly lostAgentPolicies: Table<LostAgentPolicy> },
  { status, agentConnected }: ContainerInstance,
): boolean => status === "ACTIVE" && (agentConnected || lostAgentPolicies.get(policyKey) === undefined);
