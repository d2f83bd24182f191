/** Tasks by a user's capacity providers: on the provider's instances, waiting for them, in use. With AWS's SDK over HTTP. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { RunTaskCommandInput, Task } from "@aws-sdk/client-ecs";
import { waitUntilTasksRunning } from "@aws-sdk/client-ecs";
import { must } from "../../src/lib/assert.ts";
import {
  define,
  describeInstance,
  describeTask,
  expectRefused,
  resources,
  startWorld,
  untilTask,
  type World,
} from "./world.ts";

let world: World;
before(async () => {
  world = await startWorld();
  await define(world.ecs, "small", { cpu: 128, memory: 128 });
  await define(world.ecs, "large", { cpu: 128, memory: 2_048 });
  for (const name of ["racks", "spare"]) {
    const autoScalingGroupProvider = { autoScalingGroupArn: `${name}-group` };
    await world.ecs.createCapacityProvider({ name, autoScalingGroupProvider });
  }
});
after(() => world.close());

const attribute = (value: string) => ({ name: "berth.capacity-provider", value });

/** A cluster of its own that has both providers. */
async function aCluster(cluster: string): Promise<string> {
  await world.ecs.createCluster({ clusterName: cluster, capacityProviders: ["racks", "spare", "FARGATE"] });
  return cluster;
}

/** A connected instance of the provider. Returns its ARN. */
async function host(cluster: string, provider: string | null): Promise<string> {
  const { containerInstance } = await world.ecs.registerContainerInstance({
    cluster,
    totalResources: resources(1_024, 2_048),
    attributes: provider === null ? [] : [attribute(provider)],
  });
  return must(containerInstance?.containerInstanceArn, "the ARN of the instance");
}

const weights = (...items: readonly (readonly [string, number, number?])[]) =>
  items.map(([capacityProvider, weight, base]) => ({ capacityProvider, weight, base }));

async function run(cluster: string, request: Partial<RunTaskCommandInput>): Promise<Task[]> {
  const { tasks, failures } = await world.ecs.runTask({ cluster, taskDefinition: "small", ...request });
  assert.deepEqual(failures, []);
  return tasks ?? [];
}
const arnOf = ({ taskArn }: Task): string => must(taskArn, "the ARN of the task");

describe("tasks by a strategy", () => {
  test("run on the instances of their provider, in the shares of the strategy", async () => {
    const cluster = await aCluster("shares");
    await host(cluster, null);
    const hosts = new Map([
      [await host(cluster, "racks"), "racks"],
      [await host(cluster, "spare"), "spare"],
    ]);
    const tasks = await run(cluster, { count: 5, capacityProviderStrategy: weights(["racks", 1, 1], ["spare", 3]) });
    for (const { capacityProviderName, containerInstanceArn, launchType } of tasks) {
      assert.equal(hosts.get(containerInstanceArn ?? ""), capacityProviderName);
      assert.equal(launchType, "EC2");
    }
    assert.deepEqual(tasks.map(({ capacityProviderName }) => capacityProviderName).toSorted(), [
      "racks",
      "racks",
      "spare",
      "spare",
      "spare",
    ]);
    await waitUntilTasksRunning(
      { client: world.ecs, maxWaitTime: 20, minDelay: 1 },
      { cluster, tasks: tasks.map(arnOf) },
    );
    await expectRefused(
      world.ecs.putClusterCapacityProviders({
        cluster,
        capacityProviders: ["racks"],
        defaultCapacityProviderStrategy: [],
      }),
      "ResourceInUseException",
      "The specified capacity provider is in use and cannot be removed.",
    );
  });

  test("are run by the cluster's default strategy, and by a launch type despite it", async () => {
    const cluster = await aCluster("default-strategy");
    const other = await host(cluster, null);
    const mine = await host(cluster, "racks");
    await world.ecs.putClusterCapacityProviders({
      cluster,
      capacityProviders: ["racks"],
      defaultCapacityProviderStrategy: weights(["racks", 1]),
    });
    const [byDefault] = await run(cluster, {});
    assert.deepEqual([byDefault?.capacityProviderName, byDefault?.containerInstanceArn], ["racks", mine]);
    const [byType] = await run(cluster, {
      launchType: "EC2",
      placementConstraints: [{ type: "memberOf", expression: `!(attribute:berth.capacity-provider exists)` }],
    });
    assert.deepEqual([byType?.capacityProviderName, byType?.containerInstanceArn], [undefined, other]);
  });

  test("are refused if the strategy cannot be used", async () => {
    const cluster = await aCluster("refusals");
    await world.ecs.createCapacityProvider({
      name: "unrelated",
      autoScalingGroupProvider: { autoScalingGroupArn: "unrelated-group" },
    });
    for (const [capacityProviderStrategy, text] of [
      [weights(["racks", 1], ["FARGATE", 1]), /cannot contain a mix of capacity providers/],
      [weights(["unrelated", 1]), /not associated with the cluster/],
      [weights(["nobody", 1]), /not associated with the cluster/],
      [weights(["racks", 0, 1]), /weight value greater than zero/],
      [
        weights(["racks", 1, 1], ["spare", 1, 1]),
        /multiple capacity providers in the specified capacity provider strategy with a base/,
      ],
    ] as const) {
      await expectRefused(
        world.ecs.runTask({ cluster, taskDefinition: "small", capacityProviderStrategy }),
        "InvalidParameterException",
        text,
      );
    }
  });
});

describe("tasks that wait for capacity", () => {
  const byRacks = { capacityProviderStrategy: weights(["racks", 1]) };

  test("stay in PROVISIONING until an instance of their provider comes, or an existing one joins it", async () => {
    const cluster = await aCluster("waiting");
    const other = await host(cluster, null);
    const [first, second] = await run(cluster, { ...byRacks, taskDefinition: "large", count: 2 });
    assert.deepEqual([first?.lastStatus, first?.containerInstanceArn], ["PROVISIONING", undefined]);
    const { clusters } = await world.ecs.describeClusters({ clusters: [cluster] });
    assert.deepEqual([clusters?.[0]?.pendingTasksCount, clusters?.[0]?.runningTasksCount], [0, 0]);
    const mine = await host(cluster, "racks");
    const waiting = [arnOf(must(first, "a task")), arnOf(must(second, "a task"))];
    const { tasks } = await world.ecs.describeTasks({ cluster, tasks: waiting });
    assert.equal(tasks?.length, 2);
    await world.ecs.putAttributes({
      cluster,
      attributes: [{ ...attribute("racks"), targetType: "container-instance", targetId: other }],
    });
    assert.equal((await describeInstance(world.ecs, cluster, other)).capacityProviderName, "racks");
    const instances = new Set<string | undefined>();
    for (const task of waiting) {
      const running = await untilTask(world.ecs, cluster, task, "RUNNING");
      assert.equal(running.capacityProviderName, "racks");
      instances.add(running.containerInstanceArn);
    }
    assert.deepEqual(instances, new Set([mine, other]));
  });

  test("are placed when there is room, and stopped at once by StopTask", async () => {
    const cluster = await aCluster("room");
    await host(cluster, "racks");
    const [running] = await run(cluster, { ...byRacks, taskDefinition: "large" });
    const [next, last] = await run(cluster, { ...byRacks, taskDefinition: "large", count: 2 });
    const stopped = await world.ecs.stopTask({ cluster, task: arnOf(must(last, "a task")) });
    assert.deepEqual([stopped.task?.lastStatus, stopped.task?.stopCode], ["STOPPED", "UserInitiated"]);
    await untilTask(world.ecs, cluster, arnOf(must(running, "a task")), "RUNNING");
    await world.ecs.stopTask({ cluster, task: arnOf(must(running, "a task")) });
    await untilTask(world.ecs, cluster, arnOf(must(next, "a task")), "RUNNING");
    assert.equal((await describeTask(world.ecs, cluster, arnOf(must(last, "a task")))).lastStatus, "STOPPED");
  });

  test("are 500 in a cluster at most", async () => {
    const cluster = await aCluster("many");
    await Promise.all(Array.from({ length: 50 }, () => run(cluster, { ...byRacks, count: 10 })));
    await expectRefused(
      world.ecs.runTask({ cluster, taskDefinition: "small", ...byRacks }),
      "ClientException",
      "Tasks provisioning capacity limit exceeded.",
    );
  });
});
