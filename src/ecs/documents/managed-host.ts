import { limits } from "../limits.ts";
import type { DocumentKind } from "./document-kind.ts";

/**
 * The document of a host that Berth itself runs for the Fargate tasks of a cluster (kind `managed-host`, key: its id). It isn't a container
 * instance: the API never shows it, and no remote agent may speak for it.
 */
export type ManagedHost = {
  /** `managed-` and 32 hex digits, so it can't be a container instance's id. */
  readonly id: string;
  readonly agentConnected: boolean;
  readonly createdAt: number;
  /** Since when it has no tasks; null while it has some. */
  readonly idleSince: number | null;
};

export const managedHostKind: DocumentKind<ManagedHost> = {
  name: "managed-host",
  keyMember: "id",
  version: 1,
  shape: { id: "string", agentConnected: "boolean", createdAt: "number", idleSince: "number?" },
  /** It has been idle long enough and goes away. */
  dueAt: ({ idleSince }) => (idleSince === null ? null : idleSince + limits.managedHostIdleMs),
};
