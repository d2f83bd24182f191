import type { CapacityProviderStrategy } from "./capacity-provider.ts";
import { strategyShape } from "./capacity-provider.ts";
import type { DocumentKind } from "./document-kind.ts";
import type { Tag } from "./tag.ts";
import { tagsShape } from "./tag.ts";

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
  /** The names of the capacity providers that strategies here may name. */
  readonly capacityProviders: readonly string[];
  /** By which tasks are run that name neither launch type nor strategy; empty when there is none. */
  readonly defaultCapacityProviderStrategy: CapacityProviderStrategy;
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
  readonly activeServicesByLaunchType: Readonly<Record<string, number>>;
  readonly drainingServicesByLaunchType: Readonly<Record<string, number>>;
  /** The capacity providers of tasks that are not STOPPED, and of services. */
  readonly capacityProvidersInUse: readonly string[];
};

export const noCounts: ClusterCounts = {
  registeredContainerInstances: 0,
  runningTasks: 0,
  pendingTasks: 0,
  activeServices: 0,
  runningTasksByLaunchType: {},
  pendingTasksByLaunchType: {},
  activeServicesByLaunchType: {},
  drainingServicesByLaunchType: {},
  capacityProvidersInUse: [],
};

export const clusterKind: DocumentKind<Cluster> = {
  name: "cluster",
  keyMember: "name",
  version: 1,
  shape: {
    name: "string",
    arn: "string",
    status: new Set(["ACTIVE", "INACTIVE"]),
    incarnation: "number",
    settings: [{ name: "string", value: "string" }],
    capacityProviders: ["string"],
    defaultCapacityProviderStrategy: strategyShape,
    tags: tagsShape,
    createdAt: "number",
    deletedAt: "number?",
  },
  /** Clusters from before there were capacity providers have none. */
  upgrade: (document) =>
    ({ capacityProviders: [], defaultCapacityProviderStrategy: [], ...document }) as Partial<Cluster> as Cluster,
  /** It is forgotten. */
  dueAt: ({ deletedAt }, timeline) => (deletedAt === null ? null : deletedAt + timeline.inactiveClusterRetentionMs),
};
