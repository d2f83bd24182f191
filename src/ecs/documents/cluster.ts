import type { CapacityProviderStrategy } from "./capacity-provider.ts";
import { strategyShape } from "./capacity-provider.ts";
import type { DocumentKind } from "./document-kind.ts";
import type { Tag } from "./tag.ts";
import { tagsShape } from "./tag.ts";

/** The document of a cluster (kind `cluster`, key: its name). Its contents belong to its cluster machine. */
export type Cluster = {
  readonly name: string;
  readonly arn: string;
  readonly status: "ACTIVE" | "INACTIVE";
  /** Rises when a deleted name is created again. A cluster machine closed under an incarnation stays closed for it. */
  readonly incarnation: number;
  readonly settings: readonly { readonly name: string; readonly value: string }[];
  /** In API shape; null if none was given. */
  readonly configuration: Readonly<Record<string, unknown>> | null;
  readonly serviceConnectDefaults: { readonly namespace: string } | null;
  /** The names of the capacity providers that strategies in this cluster may use. */
  readonly capacityProviders: readonly string[];
  /** For tasks that name neither launch type nor strategy; may be empty. */
  readonly defaultCapacityProviderStrategy: CapacityProviderStrategy;
  readonly tags: readonly Tag[];
  readonly createdAt: number;
  readonly deletedAt: number | null;
};

/** The counts of a cluster machine that replies show. */
export type ClusterCounts = {
  readonly registeredContainerInstances: number;
  readonly runningTasks: number;
  readonly pendingTasks: number;
  readonly activeServices: number;
  /** By launch type, for `include: STATISTICS`. */
  readonly runningTasksByLaunchType: Readonly<Record<string, number>>;
  readonly pendingTasksByLaunchType: Readonly<Record<string, number>>;
  readonly activeServicesByLaunchType: Readonly<Record<string, number>>;
  readonly drainingServicesByLaunchType: Readonly<Record<string, number>>;
  /** The capacity providers of services and of tasks that are not STOPPED. */
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
  /** Clusters stored before there were capacity providers have none. */
  upgrade: (document) =>
    ({ capacityProviders: [], defaultCapacityProviderStrategy: [], ...document }) as Partial<Cluster> as Cluster,
  /** Then it is forgotten. */
  dueAt: ({ deletedAt }, timeline) => (deletedAt === null ? null : deletedAt + timeline.inactiveClusterRetentionMs),
};
