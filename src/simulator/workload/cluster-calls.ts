import { clusterProviders } from "./capacity-provider-calls.ts";
import type { CallPlanner } from "./planned-call.ts";

const names = ["default", "blue", "green", "red"] as const;

export const createCluster: CallPlanner = (draw) => ({
  operation: "CreateCluster",
  request: {
    ...draw.maybe(0.8, () => ({ clusterName: draw.chance(0.05) ? "no good name" : draw.pick(names) })),
    ...draw.maybe(0.2, () => ({ tags: [{ key: "team", value: "blue" }] })),
    ...draw.maybe(0.4, () => clusterProviders(draw)),
    ...draw.maybe(0.2, () => ({ settings: [{ name: "containerInsights", value: "enabled" }] })),
  },
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
