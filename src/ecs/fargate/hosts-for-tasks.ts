import type { ManagedHost } from "../documents/managed-host.ts";
import type { ClusterState } from "../state/cluster-state.ts";
import type { ClusterStep } from "../state/cluster-step.ts";

/** The host for the cluster's next Fargate task, created if there is none. Asks the server to run it unless its agent is connected. */
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

/** Records that a host got its first task or lost its last one. */
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

/** Stops a host and forgets it. */
export function endHost(step: ClusterStep, { id }: ManagedHost): void {
  step.state.managedHosts.delete(id);
  step.state.agentSequences.delete(id);
  step.effects.push({ type: "end-host", instanceId: id });
}

/** First input after loading: no host runs until the server starts it, so those with tasks are requested at once. */
export function recoverManagedHosts(step: ClusterStep): void {
  for (const host of [...step.state.managedHosts.values()]) {
    const away = { ...host, agentConnected: false };
    if (host.agentConnected) step.state.managedHosts.put(host.id, away);
    if (host.idleSince === null) wantHost(step, away);
  }
}

/** The agent of a managed host connected or disconnected. AWS: Fargate's hosts are invisible, so there is no event. */
export function noteAgentOfHost(step: ClusterStep, host: ManagedHost, agentConnected: boolean): void {
  if (host.agentConnected !== agentConnected) step.state.managedHosts.put(host.id, { ...host, agentConnected });
}

/** Whether the agent of a container instance or managed host is connected. */
export function isAgentConnected(state: ClusterState, hostId: string | null): boolean {
  if (hostId === null) return false;
  return (state.instances.get(hostId) ?? state.managedHosts.get(hostId))?.agentConnected === true;
}
