import { inAccount, inCluster, orDefaultCluster } from "../state/named-resources.ts";
import type { OperationRows } from "../state/operation-row.ts";
import { createCluster } from "./create-cluster.ts";
import { describeClusters } from "./describe-clusters.ts";
import { listClusters } from "./list-clusters.ts";
import { putClusterCapacityProviders } from "./put-cluster-capacity-providers.ts";
import { updateCluster } from "./update-cluster.ts";
import { updateClusterSettings } from "./update-cluster-settings.ts";

const missingOfClusters =
  "A Service Connect namespace is refused; Container Insights and the configuration of managed storage and of execute-command are stored and described, without effect.";

const defaultProviders = {
  "capacityProviders[]": "used-capacity-provider",
  "defaultCapacityProviderStrategy[].capacityProvider": "used-capacity-provider",
} as const;

const countsOwn = ({ cluster }: { readonly cluster?: string }) => [cluster];
const countsListed = ({ clusters = [] }: { readonly clusters?: readonly string[] }) =>
  clusters.length === 0 ? [undefined] : clusters;

/** The operations on clusters. */
export const clusterOperations = {
  CreateCluster: {
    machine: "account",
    handler: createCluster,
    counts: ({ clusterName }: { readonly clusterName?: string }) => [clusterName],
    resources: orDefaultCluster({
      clusterName: "cluster",
      ...defaultProviders,
      "serviceConnectDefaults.namespace": "outside",
    }),
    level: "operate",
    errors: ["NamespaceNotFoundException"],
    missing: missingOfClusters,
  },
  DeleteCluster: {
    machine: "several",
    resources: inCluster(),
    // Deleting a cluster also deletes its history.
    level: "administer",
    errors: [
      "ClusterContainsCapacityProviderException",
      "ClusterContainsContainerInstancesException",
      "ClusterContainsServicesException",
      "ClusterContainsTasksException",
      "ClusterNotFoundException",
      "UpdateInProgressException",
    ],
  },
  DescribeClusters: {
    machine: "account",
    handler: describeClusters,
    counts: countsListed,
    resources: orDefaultCluster({ "clusters[]": "cluster" }),
    level: "read",
    errors: [],
  },
  ListClusters: {
    machine: "account",
    handler: listClusters,
    resources: inAccount(),
    level: "read",
    errors: [],
  },
  PutClusterCapacityProviders: {
    machine: "account",
    handler: putClusterCapacityProviders,
    counts: countsOwn,
    resources: inCluster(defaultProviders),
    level: "operate",
    errors: ["ClusterNotFoundException", "ResourceInUseException", "UpdateInProgressException"],
  },
  UpdateCluster: {
    machine: "account",
    handler: updateCluster,
    counts: countsOwn,
    resources: inCluster({ "serviceConnectDefaults.namespace": "outside" }),
    level: "operate",
    errors: ["ClusterNotFoundException", "NamespaceNotFoundException"],
    missing: missingOfClusters,
  },
  UpdateClusterSettings: {
    machine: "account",
    handler: updateClusterSettings,
    counts: countsOwn,
    resources: inCluster(),
    level: "operate",
    errors: ["ClusterNotFoundException", "UpdateInProgressException"],
    missing: "Container Insights is stored and described; nothing is collected.",
  },
} as const satisfies OperationRows;
