import { limits } from "../limits.ts";

/**
 * The document of a host that Berth itself keeps for the Fargate tasks of a cluster (kind `managed-host`, key: its id).
 * It is no container instance: nothing of the API shows it, and no agent that comes over the network may speak for it.
 */
export type ManagedHost = {
  /** `managed-` and 32 hex digits, so that it can be no container instance's. */
  readonly id: string;
  readonly agentConnected: boolean;
  readonly createdAt: number;
  /** Since when no task is on it; null while there are some. */
  readonly idleSince: number | null;
};

/** When a host that has nothing to do goes away, or null. */
export const managedHostDueAt = ({ idleSince }: ManagedHost): number | null =>
  idleSince === null ? null : idleSince + limits.managedHostIdleMs;
