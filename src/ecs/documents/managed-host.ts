import { limits } from "../limits.ts";
import type { DocumentKind } from "./document-kind.ts";

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

export const managedHostKind: DocumentKind<ManagedHost> = {
  name: "managed-host",
  keyMember: "id",
  version: 1,
  shape: { id: "string", agentConnected: "boolean", createdAt: "number", idleSince: "number?" },
  /** It has had nothing to do for long enough, and goes away. */
  dueAt: ({ idleSince }) => (idleSince === null ? null : idleSince + limits.managedHostIdleMs),
};
