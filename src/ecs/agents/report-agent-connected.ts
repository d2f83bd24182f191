import { resumeAgentUpdate, updateAfterConnect } from "../container-instances/agent-update.ts";
import { instanceTransition } from "../container-instances/container-instance-lifecycle.ts";
import { settleReconnect } from "../container-instances/recover-connections.ts";
import type { VersionInfo } from "../documents/container-instance.ts";
import { noteAgentOfHost } from "../fargate/hosts-for-tasks.ts";
import { isSameDocument } from "../is-same-document.ts";
import type { AgentReport } from "../state/cluster-input.ts";
import type { ClusterStep } from "../state/cluster-step.ts";
import { deliverOnConnect } from "../task-life/deliver-tasks.ts";

type Report = Extract<AgentReport, { readonly type: "agent-connected" }>;

/**
 * An agent has opened its command socket. Records its versions, continues or ends an unfinished update, and sends it the tasks that it may
 * lack. The agent of a deregistered or forgotten instance is turned away and changes nothing.
 */
export function reportAgentConnected(step: ClusterStep, report: Report): void {
  const host = step.state.managedHosts.get(report.instanceId);
  if (host !== undefined) {
    noteAgentOfHost(step, host, true);
    deliverOnConnect(step, host.id, report.isNewProcess);
    return;
  }
  const instance = step.state.instances.get(report.instanceId);
  if (instance === undefined || instanceTransition(instance.status, "agent-connect") === "refused") {
    step.effects.push({ type: "turn-away", instanceId: report.instanceId });
    return;
  }
  settleReconnect(step, instance.id);
  const versionInfo = connectedVersions(instance.versionInfo, report);
  const agentUpdate = updateAfterConnect(instance.agentUpdate, report.agentVersion, report.isNewProcess);
  const connection = { agentConnected: true, disconnectedAt: null };
  const connected = resumeAgentUpdate(step, { ...instance, ...connection, versionInfo, agentUpdate });
  if (!isSameDocument(instance, connected)) step.changeInstance(connected);
  deliverOnConnect(step, instance.id, report.isNewProcess);
}

function connectedVersions(known: VersionInfo | null, report: Report): VersionInfo | null {
  const { agentVersion, agentHash, dockerVersion } = report;
  if (agentVersion === null && agentHash === null && dockerVersion === null) return known;
  return { agentVersion, agentHash, dockerVersion };
}
