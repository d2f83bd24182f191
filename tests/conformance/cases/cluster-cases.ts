import assert from "node:assert/strict";
import { arnPrefix, expectRefused, register } from "../world.ts";
import { answers, type Cases, refuses, refusesBadPages, refusesOtherClusters } from "./given.ts";

const tooLongTags = Array.from({ length: 51 }, (_, i) => ({ key: `k${i}`, value: "v" }));
const insights = { name: "containerInsights", value: "enabled" } as const;

export const clusterCases: Cases = {
  answers: [
    answers("CreateCluster", "a new cluster is ACTIVE and empty, with its tags and settings", async ({ ecs }) => {
      const { cluster } = await ecs.createCluster({
        clusterName: "made",
        tags: [{ key: "team", value: "a" }],
        settings: [insights],
      });
      assert.deepEqual(
        { ...cluster, statistics: [], attachments: [] },
        {
          clusterArn: `${arnPrefix}cluster/made`,
          clusterName: "made",
          status: "ACTIVE",
          registeredContainerInstancesCount: 0,
          runningTasksCount: 0,
          pendingTasksCount: 0,
          activeServicesCount: 0,
          statistics: [],
          attachments: [],
          tags: [{ key: "team", value: "a" }],
          settings: [insights],
          capacityProviders: [],
          defaultCapacityProviderStrategy: [],
        },
      );
    }),
    answers("CreateCluster", "an ACTIVE cluster of that name is returned unchanged", async ({ ecs }) => {
      const first = await ecs.createCluster({ clusterName: "twice", settings: [insights] });
      const second = await ecs.createCluster({
        clusterName: "twice",
        settings: [{ name: "containerInsights", value: "disabled" }],
      });
      assert.deepEqual(second.cluster?.settings, first.cluster?.settings);
      assert.equal(second.cluster?.clusterArn, first.cluster?.clusterArn);
    }),
    answers("CreateCluster", "a deleted name can be used again", async ({ ecs }) => {
      await ecs.createCluster({ clusterName: "phoenix", tags: [{ key: "life", value: "1" }] });
      await ecs.deleteCluster({ cluster: "phoenix" });
      const { cluster } = await ecs.createCluster({ clusterName: "phoenix" });
      assert.equal(cluster?.status, "ACTIVE");
      const { clusters } = await ecs.describeClusters({ clusters: ["phoenix"], include: ["TAGS"] });
      assert.deepEqual(clusters?.[0]?.tags, []);
    }),
    answers("DescribeClusters", "names and ARNs; the rest are failures; `include` adds", async (given) => {
      const { ecs, cluster } = given;
      const { clusters, failures } = await ecs.describeClusters({
        clusters: [cluster, `${arnPrefix}cluster/${given.emptyCluster}`, "never-was"],
      });
      assert.deepEqual(
        clusters?.map((found) => found.clusterName),
        [cluster, given.emptyCluster],
      );
      assert.deepEqual(failures, [{ arn: `${arnPrefix}cluster/never-was`, reason: "MISSING" }]);
      assert.equal(clusters?.[0]?.registeredContainerInstancesCount, 3);
      assert.equal(clusters?.[0]?.runningTasksCount, 1);
      assert.deepEqual([clusters?.[0]?.tags, clusters?.[0]?.settings, clusters?.[0]?.statistics], [[], [], []]);
      const more = await ecs.describeClusters({
        clusters: [cluster],
        include: ["SETTINGS", "STATISTICS", "TAGS", "CONFIGURATIONS", "ATTACHMENTS"],
      });
      const statistics = new Map(more.clusters?.[0]?.statistics?.map(({ name, value }) => [name, value]));
      assert.equal(statistics.get("runningEC2TasksCount"), "1");
      assert.equal(more.clusters?.[0]?.settings?.[0]?.name, "containerInsights");
    }),
    answers("DescribeClusters", "a deleted one is INACTIVE", async ({ ecs, deletedCluster }) => {
      const { clusters } = await ecs.describeClusters({ clusters: [deletedCluster] });
      assert.equal(clusters?.[0]?.status, "INACTIVE");
    }),
    answers("ListClusters", "ARNs of ACTIVE clusters only", async ({ ecs, cluster, deletedCluster }) => {
      const { clusterArns = [] } = await ecs.listClusters({});
      assert.ok(clusterArns.includes(`${arnPrefix}cluster/${cluster}`));
      assert.ok(!clusterArns.includes(`${arnPrefix}cluster/${deletedCluster}`));
    }),
    answers("UpdateCluster", "settings are changed", async ({ ecs }) => {
      await ecs.createCluster({ clusterName: "updated" });
      const { cluster } = await ecs.updateCluster({ cluster: "updated", settings: [insights] });
      assert.deepEqual(cluster?.settings, [insights]);
    }),
    answers("UpdateClusterSettings", "settings are changed", async ({ ecs }) => {
      await ecs.createCluster({ clusterName: "set" });
      const { cluster } = await ecs.updateClusterSettings({ cluster: "set", settings: [insights] });
      assert.deepEqual(cluster?.settings, [insights]);
    }),
    answers("DeleteCluster", "the cluster is INACTIVE and accepts no calls", async ({ ecs }) => {
      await ecs.createCluster({ clusterName: "gone" });
      const { cluster } = await ecs.deleteCluster({ cluster: `${arnPrefix}cluster/gone` });
      assert.deepEqual([cluster?.clusterName, cluster?.status], ["gone", "INACTIVE"]);
      const call = ecs.listTasks({ cluster: "gone" });
      await expectRefused(call, "ClusterNotFoundException", "The referenced cluster was inactive.");
    }),
    answers("DeleteCluster", "goes once its instances are deregistered", async ({ ecs }) => {
      await ecs.createCluster({ clusterName: "emptied" });
      const containerInstance = await register(ecs, "emptied");
      await expectRefused(ecs.deleteCluster({ cluster: "emptied" }), "ClusterContainsContainerInstancesException");
      await ecs.deregisterContainerInstance({ cluster: "emptied", containerInstance });
      assert.equal((await ecs.deleteCluster({ cluster: "emptied" })).cluster?.status, "INACTIVE");
    }),
  ],
  refusals: [
    refuses(
      "CreateCluster",
      "a name with invalid characters",
      () => ({ clusterName: "a b" }),
      "InvalidParameterException",
    ),
    refuses(
      "CreateCluster",
      "a name that is too long",
      () => ({ clusterName: "x".repeat(256) }),
      "InvalidParameterException",
    ),
    refuses(
      "CreateCluster",
      "a tag of AWS's own",
      () => ({ clusterName: "x", tags: [{ key: "AWS:x" }] }),
      "InvalidParameterException",
    ),
    refuses("CreateCluster", "51 tags", () => ({ clusterName: "x", tags: tooLongTags }), "InvalidParameterException"),
    refuses(
      "CreateCluster",
      "an unknown setting",
      () => ({ clusterName: "x", settings: [{ name: "colour", value: "red" }] }),
      "InvalidParameterException",
    ),
    refuses(
      "DescribeClusters",
      "101 clusters",
      () => ({ clusters: Array.from({ length: 101 }, (_, i) => `c${i}`) }),
      "InvalidParameterException",
    ),
    refuses("DescribeClusters", "an unknown `include`", () => ({ include: ["COLOUR"] }), "InvalidParameterException"),
    ...refusesBadPages("ListClusters", () => ({}), 100),
    ...refusesOtherClusters("UpdateCluster", () => ({ settings: [insights] })),
    refuses("UpdateCluster", "no cluster", () => ({ settings: [insights] }), "InvalidParameterException"),
    ...refusesOtherClusters("UpdateClusterSettings", () => ({ settings: [insights] })),
    refuses(
      "UpdateClusterSettings",
      "no settings",
      ({ cluster }) => ({ cluster, settings: [] }),
      "InvalidParameterException",
    ),
    ...refusesOtherClusters("DeleteCluster", () => ({})),
    refuses(
      "DeleteCluster",
      "a cluster with container instances",
      ({ cluster }) => ({ cluster }),
      "ClusterContainsContainerInstancesException",
      "The Cluster cannot be deleted while Container Instances are active or draining.",
    ),
    refuses(
      "DeleteCluster",
      "the ARN of something else",
      ({ task }) => ({ cluster: task }),
      "InvalidParameterException",
    ),
  ],
};
