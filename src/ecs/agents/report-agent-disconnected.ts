import { settleReconnect } from "../container-instances/recover-connections.ts";
import { noteAgentOfHost } from "../fargate/hosts-for-tasks.ts";
import type { AgentReport } from "../state/cluster-input.ts";
import type { ClusterStep } from "../state/cluster-step.ts";

type Report = Extract<AgentReport, { readonly type: "agent-disconnected" }>;

/** An agent's command socket was closed. AWS: its instance keeps its status and tasks; an unfinished update waits. */
export function reportAgentDisconnected(step: ClusterStep, report: Report): void {
  const host = step.state.managedHosts.get(report.instanceId);
  if (host !== undefined) noteAgentOfHost(step, host, false);
  const instance = step.state.instances.get(report.instanceId);
  if (instance === undefined || !instance.agentConnected) return;
  settleReconnect(step, instance.id);
  step.changeInstance({ ...instance, agentConnected: false, disconnectedAt: step.now });
}
