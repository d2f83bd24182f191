import type { Tag } from "../tags/tag.ts";

/** The document of a cluster (kind `cluster`, key: its name). What lives inside it belongs to its cluster machine. */
export type Cluster = {
  readonly name: string;
  readonly arn: string;
  readonly status: "ACTIVE" | "INACTIVE";
  /** Rises when a deleted name is created again; a cluster machine that was closed under it stays closed. */
  readonly incarnation: number;
  readonly settings: readonly { readonly name: string; readonly value: string }[];
  /** In API shape; null when none was given. */
  readonly configuration: Readonly<Record<string, unknown>> | null;
  readonly serviceConnectDefaults: { readonly namespace: string } | null;
  readonly tags: readonly Tag[];
  readonly createdAt: number;
  readonly deletedAt: number | null;
};

/** What a cluster machine counts for the replies that show a cluster. */
export type ClusterCounts = {
  readonly registeredContainerInstances: number;
  readonly runningTasks: number;
  readonly pendingTasks: number;
  readonly activeServices: number;
  /** Per launch type, for `include: STATISTICS`. */
  readonly runningTasksByLaunchType: Readonly<Record<string, number>>;
  readonly pendingTasksByLaunchType: Readonly<Record<string, number>>;
};

export const noCounts: ClusterCounts = {
  registeredContainerInstances: 0,
  runningTasks: 0,
  pendingTasks: 0,
  activeServices: 0,
  runningTasksByLaunchType: {},
  pendingTasksByLaunchType: {},
};
