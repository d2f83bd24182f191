import assert from "node:assert/strict";
import { waitUntilTasksRunning, waitUntilTasksStopped } from "@aws-sdk/client-ecs";
import { must } from "../../../src/lib/assert.ts";
import { describeTask } from "../world.ts";
import { answers, type Cases, type Given, refuses, refusesBadPages, refusesOtherClusters } from "./given.ts";

const providers = ["FARGATE", "FARGATE_SPOT"];
const network = { awsvpcConfiguration: { subnets: ["subnet-1"], assignPublicIp: "ENABLED" as const } };

/** Creates a cluster with both providers and a definition for Fargate, and returns the definition's ARN. */
async function furnishFargate({ ecs }: Given, cluster: string): Promise<string> {
  await ecs.createCluster({ clusterName: cluster, capacityProviders: providers });
  const { taskDefinition } = await ecs.registerTaskDefinition({
    family: cluster,
    requiresCompatibilities: ["FARGATE"],
    networkMode: "awsvpc",
    cpu: "256",
    memory: "512",
    containerDefinitions: [{ name: "main", image: "nginx", portMappings: [{ containerPort: 80 }] }],
  });
  return must(taskDefinition?.taskDefinitionArn, "the definition for Fargate");
}

const strategy = (...items: readonly object[]) => ({ capacityProviderStrategy: items });

const refusesRun = (says: string, more: object, text: string | RegExp) =>
  refuses(
    "RunTask",
    says,
    ({ cluster, awsvpcDefinition }) => ({
      cluster,
      taskDefinition: awsvpcDefinition,
      networkConfiguration: network,
      ...more,
    }),
    "InvalidParameterException",
    text,
  );

const put = (capacityProviders: readonly string[], defaultCapacityProviderStrategy: readonly object[] = []) => ({
  capacityProviders,
  defaultCapacityProviderStrategy,
});

const refusesPut = (says: string, members: object, text: string | RegExp) =>
  refuses(
    "PutClusterCapacityProviders",
    says,
    ({ cluster }) => ({ cluster, ...members }),
    "InvalidParameterException",
    text,
  );

export const fargateCases: Cases = {
  answers: [
    answers("RunTask", "on Fargate the task runs without an instance, and stops", async (given) => {
      const { ecs } = given;
      const cluster = "on-fargate";
      const taskDefinition = await furnishFargate(given, cluster);
      const run = { cluster, taskDefinition, launchType: "FARGATE", networkConfiguration: network } as const;
      const { tasks = [], failures } = await ecs.runTask(run);
      assert.deepEqual(failures, []);
      const [fresh] = tasks;
      const task = must(fresh?.taskArn, "the ARN of the task");
      assert.deepEqual(
        [fresh?.lastStatus, fresh?.platformVersion, fresh?.platformFamily, fresh?.launchType],
        ["PROVISIONING", "1.4.0", "Linux", "FARGATE"],
      );
      await waitUntilTasksRunning({ client: ecs, maxWaitTime: 20, minDelay: 1 }, { cluster, tasks: [task] });
      const running = await describeTask(ecs, cluster, task);
      assert.equal(running.containerInstanceArn, undefined);
      assert.deepEqual([running.cpu, running.memory, running.connectivity], ["256", "512", "CONNECTED"]);
      assert.deepEqual(running.attributes, [{ name: "ecs.cpu-architecture", value: "x86_64" }]);
      assert.ok(running.pullStartedAt !== undefined && running.pullStoppedAt !== undefined);
      const [attachment] = running.attachments ?? [];
      assert.deepEqual([attachment?.type, attachment?.status], ["ElasticNetworkInterface", "ATTACHED"]);
      assert.deepEqual(
        attachment?.details?.map(({ name }) => name),
        ["subnetId", "networkInterfaceId", "macAddress", "privateDnsName", "privateIPv4Address"],
      );
      assert.deepEqual((await ecs.listContainerInstances({ cluster })).containerInstanceArns, []);
      const { clusters } = await ecs.describeClusters({ clusters: [cluster], include: ["STATISTICS"] });
      assert.deepEqual([clusters?.[0]?.registeredContainerInstancesCount, clusters?.[0]?.runningTasksCount], [0, 1]);
      const statistic = clusters?.[0]?.statistics?.find(({ name }) => name === "runningFargateTasksCount");
      assert.equal(statistic?.value, "1");
      const { taskArns } = await ecs.listTasks({ cluster, launchType: "FARGATE" });
      assert.deepEqual(taskArns, [task]);
      await ecs.stopTask({ cluster, task });
      await waitUntilTasksStopped({ client: ecs, maxWaitTime: 20, minDelay: 1 }, { cluster, tasks: [task] });
      const stopped = await describeTask(ecs, cluster, task);
      assert.deepEqual([stopped.stopCode, stopped.stoppedReason], ["UserInitiated", "Task stopped by user"]);
      assert.equal(stopped.attachments?.[0]?.status, "DELETED");
      assert.equal((await ecs.deleteCluster({ cluster })).cluster?.status, "INACTIVE");
    }),
    answers("RunTask", "by a strategy, and by the cluster's default strategy", async (given) => {
      const { ecs } = given;
      const cluster = "by-strategy";
      const taskDefinition = await furnishFargate(given, cluster);
      const run = { cluster, taskDefinition, networkConfiguration: network };
      const { tasks } = await ecs.runTask({
        ...run,
        count: 5,
        capacityProviderStrategy: [
          { capacityProvider: "FARGATE", base: 1 },
          { capacityProvider: "FARGATE_SPOT", weight: 1 },
        ],
      });
      assert.deepEqual(tasks?.map(({ capacityProviderName }) => capacityProviderName).toSorted(), [
        "FARGATE",
        ...Array(4).fill("FARGATE_SPOT"),
      ]);
      await ecs.putClusterCapacityProviders({
        cluster,
        capacityProviders: providers,
        defaultCapacityProviderStrategy: [{ capacityProvider: "FARGATE_SPOT", weight: 1 }],
      });
      const byDefault = (await ecs.runTask(run)).tasks?.[0];
      assert.deepEqual([byDefault?.launchType, byDefault?.capacityProviderName], ["FARGATE", "FARGATE_SPOT"]);
    }),
    answers("PutClusterCapacityProviders", "the cluster shows what it was given", async ({ ecs }) => {
      const cluster = "with-providers";
      await ecs.createCluster({ clusterName: cluster });
      const changed = await ecs.putClusterCapacityProviders({
        cluster,
        capacityProviders: providers,
        defaultCapacityProviderStrategy: [{ capacityProvider: "FARGATE", weight: 2, base: 1 }],
      });
      const { clusters } = await ecs.describeClusters({ clusters: [cluster] });
      for (const shown of [changed.cluster, clusters?.[0]]) {
        assert.deepEqual(shown?.capacityProviders, providers);
        assert.deepEqual(shown?.defaultCapacityProviderStrategy, [{ capacityProvider: "FARGATE", weight: 2, base: 1 }]);
      }
    }),
    answers("DescribeCapacityProviders", "the two of Fargate, and what is missing", async ({ ecs }) => {
      const all = await ecs.describeCapacityProviders({});
      assert.deepEqual(
        all.capacityProviders?.slice(0, 2).map(({ name, status }) => [name, status]),
        providers.map((name) => [name, "ACTIVE"]),
      );
      const named = await ecs.describeCapacityProviders({ capacityProviders: ["mine"], include: ["TAGS"] });
      assert.deepEqual([named.capacityProviders, named.failures?.[0]?.reason], [[], "MISSING"]);
    }),
  ],
  refusals: [
    refusesRun(
      "a provider that is not associated",
      strategy({ capacityProvider: "FARGATE", weight: 1 }),
      "The specified capacity provider strategy cannot contain a capacity provider that is not associated with the cluster. Associate the capacity provider with the cluster or specify a valid capacity provider and try again.",
    ),
    refuses(
      "RunTask",
      "a platform version that does not exist",
      ({ cluster, awsvpcDefinition }) => ({
        cluster,
        taskDefinition: awsvpcDefinition,
        launchType: "FARGATE",
        platformVersion: "9.9",
        networkConfiguration: network,
      }),
      "PlatformUnknownException",
      "The specified platform does not exist.",
    ),
    ...refusesOtherClusters("PutClusterCapacityProviders", () => put([])),
    refusesPut("an unknown provider", put(["mine"]), /'mine' was not found/),
    refusesPut(
      "too many providers",
      put(Array(21).fill("FARGATE")),
      "The maximum number of capacity providers per cluster has been exceeded.",
    ),
    refusesPut("a strategy over others", put([], [{ capacityProvider: "FARGATE" }]), /not associated with the cluster/),
    refusesPut(
      "two bases",
      put(
        providers,
        providers.map((capacityProvider) => ({ capacityProvider, base: 1 })),
      ),
      /multiple capacity providers with a base value defined/,
    ),
    ...refusesBadPages("DescribeCapacityProviders", () => ({}), 10),
    refuses(
      "DescribeCapacityProviders",
      "an unknown `include`",
      () => ({ include: ["X"] }),
      "InvalidParameterException",
    ),
  ],
};
