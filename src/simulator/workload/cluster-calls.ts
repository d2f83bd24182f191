import type { Draw } from "../draw.ts";
import type { CallPlanner } from "./planned-call.ts";

const names = ["default", "blue", "green", "red"] as const;

export const createCluster: CallPlanner = (draw) => ({
  operation: "CreateCluster",
  request: {
    ...draw.maybe(0.8, () => ({ clusterName: draw.chance(0.05) ? "no good name" : draw.pick(names) })),
    ...draw.maybe(0.2, () => ({ tags: [{ key: "team", value: "blue" }] })),
    ...draw.maybe(0.4, () => providers(draw)),
    ...draw.maybe(0.2, () => ({ settings: [{ name: "containerInsights", value: "enabled" }] })),
  },
});

/** Both providers, one of them or none, and seldom a default strategy, with which tasks need not say where they run. */
function providers(draw: Draw): { readonly capacityProviders: readonly string[] } {
  const capacityProviders = draw.weighted<readonly string[]>([
    [6, ["FARGATE", "FARGATE_SPOT"]],
    [1, ["FARGATE_SPOT"]],
    [1, []],
    [1, ["mine"]],
  ]);
  const strategy = [{ capacityProvider: "FARGATE_SPOT", weight: 1 }];
  return { capacityProviders, ...draw.maybe(0.2, () => ({ defaultCapacityProviderStrategy: strategy })) };
}

export const putClusterCapacityProviders: CallPlanner = (draw, known) => ({
  operation: "PutClusterCapacityProviders",
  request: { cluster: draw.pick(known.clusters), defaultCapacityProviderStrategy: [], ...providers(draw) },
});

export const describeCapacityProviders: CallPlanner = (draw) => ({
  operation: "DescribeCapacityProviders",
  request: { ...draw.maybe(0.5, () => ({ capacityProviders: draw.some(["FARGATE", "FARGATE_SPOT", "mine"], 2) })) },
});

export const deleteCluster: CallPlanner = (draw, known) => ({
  operation: "DeleteCluster",
  request: {
    cluster: draw.chance(0.03)
      ? "default"
      : draw.pick(known.clusters.length > 1 ? known.clusters.slice(1) : ["nowhere"]),
  },
});

export const describeClusters: CallPlanner = (draw, known) => ({
  operation: "DescribeClusters",
  request: {
    ...draw.maybe(0.8, () => ({ clusters: draw.some([...known.clusters, "nowhere"], 3) })),
    ...draw.maybe(0.5, () => ({
      include: draw.some(["STATISTICS", "TAGS", "SETTINGS", "ATTACHMENTS", "CONFIGURATIONS"], 2),
    })),
  },
});

export const listClusters: CallPlanner = (draw, known) => ({
  operation: "ListClusters",
  request: {
    ...draw.maybe(0.5, () => ({ maxResults: draw.between(1, 3) })),
    ...(known.pageTokens.length === 0 ? {} : draw.maybe(0.1, () => ({ nextToken: draw.pick(known.pageTokens) }))),
  },
});

export const updateCluster: CallPlanner = (draw, known) => ({
  operation: "UpdateCluster",
  request: { cluster: draw.pick(known.clusters), settings: [{ name: "containerInsights", value: "disabled" }] },
});

export const updateClusterSettings: CallPlanner = (draw, known) => ({
  operation: "UpdateClusterSettings",
  request: {
    cluster: draw.pick(known.clusters),
    settings: [
      {
        name: draw.weighted([
          [9, "containerInsights"],
          [1, "gravity"],
        ]),
        value: draw.pick(["enabled", "disabled", "enhanced"]),
      },
    ],
  },
});
