import { limits } from "../limits.ts";
import type { ClusterStep } from "../state/cluster-step.ts";

/*
 * After a restart of the control plane no socket is open, yet most agents are about to come back. An instance that was
 * connected counts as connected for limits.reconnectGraceMs, so that a short restart is no storm of events.
 */

/** First input after loading: notes which agents are to come back, and until when they are waited for. */
export function recoverConnections(step: ClusterStep): void {
  const { state } = step;
  state.awaitingReconnect.clear();
  // In the order of ids, so that a later expiry announces in the same order whatever the order of loading was.
  for (const id of state.instanceIds.after(null)) {
    if (state.instances.get(id)?.agentConnected) state.awaitingReconnect.add(id);
  }
  state.awaitingReconnectUntil.set(state.awaitingReconnect.size === 0 ? null : step.now + limits.reconnectGraceMs);
}

/** Marks those that have not come back in time as disconnected. */
export function expireReconnects(step: ClusterStep): void {
  const { state } = step;
  const until = state.awaitingReconnectUntil.get();
  if (until === null || until > step.now) return;
  for (const id of [...state.awaitingReconnect.keys()]) {
    const instance = state.instances.get(id);
    if (!instance?.agentConnected) continue;
    step.changeInstance({ ...instance, agentConnected: false, disconnectedAt: step.now });
  }
  state.awaitingReconnect.clear();
  state.awaitingReconnectUntil.set(null);
}

/** The agent of `instanceId` is waited for no longer. */
export function settleReconnect(step: ClusterStep, instanceId: string): void {
  const { state } = step;
  if (state.awaitingReconnect.delete(instanceId) && state.awaitingReconnect.size === 0) {
    state.awaitingReconnectUntil.set(null);
  }
}
