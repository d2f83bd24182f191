import { limits } from "../limits.ts";
import type { ClusterStep } from "../state/cluster-step.ts";

/*
 * After a restart of the control plane no socket is open, yet most agents are about to come back. An instance that was
 * connected counts as connected for limits.reconnectGraceMs, so that a short restart is no storm of events.
 */

/** First input after loading: records which agents should come back, and by when. */
export function recoverConnections(step: ClusterStep): void {
  const { state } = step;
  state.awaitingReconnect.clear();
  // In id order, so a later expiry makes events in the same order whatever the loading order was.
  for (const id of state.instanceIds.after(null)) {
    if (state.instances.get(id)?.agentConnected) state.awaitingReconnect.add(id);
  }
  state.awaitingReconnectUntil.set(state.awaitingReconnect.size === 0 ? null : step.now + limits.reconnectGraceMs);
}

/** Marks agents that have not come back in time as disconnected. */
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

/** Stops waiting for the agent of `instanceId`. */
export function settleReconnect(step: ClusterStep, instanceId: string): void {
  const { state } = step;
  if (state.awaitingReconnect.delete(instanceId) && state.awaitingReconnect.size === 0) {
    state.awaitingReconnectUntil.set(null);
  }
}
