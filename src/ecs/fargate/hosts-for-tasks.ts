import type { ManagedHost } from "../documents/managed-host.ts";
import type { ClusterState } from "../state/cluster-state.ts";
import type { ClusterStep } from "../state/cluster-step.ts";

/** The host for the cluster's next Fargate task, made when there is none; asks the server to run it unless its agent is here. */
export function hostForTask(step: ClusterStep): ManagedHost {
  const { managedHosts } = step.state;
  let host: ManagedHost | undefined;
  for (const candidate of managedHosts.values()) host ??= candidate;
  if (host === undefined) {
    const id = `managed-${step.random("managed-host-id").hex(32)}`;
    host = { id, agentConnected: false, createdAt: step.now, idleSince: step.now };
    managedHosts.put(id, host);
  }
  wantHost(step, host);
  return host;
}

function wantHost(step: ClusterStep, { id, agentConnected }: ManagedHost): void {
  if (agentConnected || step.effects.some((effect) => effect.type === "start-host" && effect.instanceId === id)) return;
  step.effects.push({ type: "start-host", instanceId: id });
}

/** Notes that a host has its first task, or has lost its last one. */
export function noteIdleness(step: ClusterStep, id: string): void {
  const host = step.state.managedHosts.get(id);
  if (host === undefined) return;
  const isIdle = step.state.book.usageOf(id).taskIds.size === 0;
  if (isIdle === (host.idleSince !== null)) return;
  step.state.managedHosts.put(id, { ...host, idleSince: isIdle ? step.now : null });
}

/** DeleteCluster: no task is left, so no host is needed. */
export function endManagedHosts(step: ClusterStep): void {
  for (const host of [...step.state.managedHosts.values()]) endHost(step, host);
}

/** Lets a host go. */
export function endHost(step: ClusterStep, { id }: ManagedHost): void {
  step.state.managedHosts.delete(id);
  step.state.agentSequences.delete(id);
  step.effects.push({ type: "end-host", instanceId: id });
}

/** First input after loading: no host runs until the server has started it, and those with tasks are wanted at once. */
export function recoverManagedHosts(step: ClusterStep): void {
  for (const host of [...step.state.managedHosts.values()]) {
    const away = { ...host, agentConnected: false };
    if (host.agentConnected) step.state.managedHosts.put(host.id, away);
    if (host.idleSince === null) wantHost(step, away);
  }
}

/** The agent of a managed host has come or gone. AWS: nobody sees the hosts of Fargate, so there is no event. */
export function noteAgentOfHost(step: ClusterStep, host: ManagedHost, agentConnected: boolean): void {
  if (host.agentConnected !== agentConnected) step.state.managedHosts.put(host.id, { ...host, agentConnected });
}

/** Whether the agent of a container instance or managed host is connected. */
export function isAgentConnected(state: ClusterState, hostId: string | null): boolean {
  if (hostId === null) return false;
  return (state.instances.get(hostId) ?? state.managedHosts.get(hostId))?.agentConnected === true;
}
