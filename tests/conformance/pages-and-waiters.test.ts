/** The SDK's paginators and waiters, used as its users use them. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as sdk from "@aws-sdk/client-ecs";
import { define, register, resources, runOne, startWorld, untilTask, type World } from "./world.ts";

let world: World;
before(async () => {
  world = await startWorld();
});
after(() => world.close());

/** Everything that a paginator returns, page by page. */
async function pagesOf<Page extends object>(
  pages: AsyncIterable<Page>,
  items: (page: Page) => readonly unknown[] | undefined,
): Promise<unknown[][]> {
  const all: unknown[][] = [];
  for await (const page of pages) all.push([...(items(page) ?? [])]);
  return all;
}

/** Asserts that the pages contain exactly `items`, each once, and that no page is larger than `pageSize`. */
function expectPages(pages: unknown[][], items: readonly unknown[], pageSize: number): void {
  assert.deepEqual(pages.flat().toSorted(), items.toSorted());
  assert.ok(pages.every((page) => page.length <= pageSize));
  assert.equal(pages.length, Math.ceil(items.length / pageSize));
}

test("ListClusters", async () => {
  const client = world.client({ accessKeyId: "111111111111" });
  const arns: unknown[] = [];
  for (let i = 0; i < 7; i++) {
    arns.push((await client.createCluster({ clusterName: `page-${i}` })).cluster?.clusterArn);
  }
  expectPages(
    await pagesOf(sdk.paginateListClusters({ client, pageSize: 3 }, {}), (page) => page.clusterArns),
    arns,
    3,
  );
});

test("ListContainerInstances and ListAttributes", async () => {
  // Agents that never connect: nothing happens while the pages are read.
  const client = world.client({ accessKeyId: "222222222222", userAgent: "Amazon ECS Agent - v1.97.0" });
  await client.createCluster({});
  const arns: unknown[] = [];
  for (let i = 0; i < 5; i++) {
    const { containerInstance } = await client.registerContainerInstance({
      totalResources: resources(1_024, 1_024),
      attributes: [{ name: "number", value: String(i) }],
    });
    arns.push(containerInstance?.containerInstanceArn);
  }
  const instances = sdk.paginateListContainerInstances({ client, pageSize: 2 }, {});
  expectPages(await pagesOf(instances, (page) => page.containerInstanceArns), arns, 2);
  const attributes = sdk.paginateListAttributes(
    { client, pageSize: 2 },
    { targetType: "container-instance", attributeName: "number" },
  );
  const values = await pagesOf(attributes, (page) => page.attributes?.map(({ value }) => value));
  expectPages(values, ["0", "1", "2", "3", "4"], 2);
});

test("ListTaskDefinitions and ListTaskDefinitionFamilies", async () => {
  const client = world.client({ accessKeyId: "333333333333" });
  const arns: string[] = [];
  for (const family of ["a", "b", "c", "a", "b"]) arns.push(await define(client, family));
  const definitions = sdk.paginateListTaskDefinitions({ client, pageSize: 2 }, {});
  expectPages(await pagesOf(definitions, (page) => page.taskDefinitionArns), arns, 2);
  const families = sdk.paginateListTaskDefinitionFamilies({ client, pageSize: 2 }, {});
  expectPages(await pagesOf(families, (page) => page.families), ["a", "b", "c"], 2);
});

test("ListTasks", async () => {
  const client = world.client({ accessKeyId: "444444444444" });
  await client.createCluster({});
  await register(client, "default");
  const taskDefinition = await define(client, "listed", { cpu: 1, memory: 6 });
  const { tasks = [] } = await client.runTask({ taskDefinition, count: 8 });
  const arns = tasks.map(({ taskArn }) => taskArn);
  const pages = await pagesOf(sdk.paginateListTasks({ client, pageSize: 3 }, {}), (page) => page.taskArns);
  expectPages(pages, arns, 3);
});

test("ListAccountSettings", async () => {
  const { client } = { client: world.client({ accessKeyId: "555555555555" }) };
  const whole = await client.listAccountSettings({ effectiveSettings: true });
  const pages = await pagesOf(
    sdk.paginateListAccountSettings({ client, pageSize: 4 }, { effectiveSettings: true }),
    (page) => page.settings?.map(({ name }) => name),
  );
  assert.ok(pages.flat().length >= (whole.settings?.length ?? 0));
  assert.equal(new Set(pages.flat()).size, pages.flat().length);
  assert.ok(pages.every((page) => page.length <= 4));
});

test("a token belongs to its operation", async () => {
  const client = world.client({ accessKeyId: "111111111111" });
  const { nextToken } = await client.listClusters({ maxResults: 1 });
  assert.ok(nextToken !== undefined);
  await assert.rejects(client.listTaskDefinitionFamilies({ nextToken }), { name: "InvalidParameterException" });
});

test("TasksRunning and TasksStopped", async () => {
  const client = world.client({ accessKeyId: "666666666666" });
  const cluster = "default";
  await client.createCluster({});
  await register(client, cluster);
  const taskDefinition = await define(client, "waited");
  const tasks = [await runOne(client, cluster, taskDefinition), await runOne(client, cluster, taskDefinition)];
  const fast = { client, maxWaitTime: 20, minDelay: 0.05, maxDelay: 0.1 };
  assert.equal((await sdk.waitUntilTasksRunning(fast, { cluster, tasks })).state, "SUCCESS");
  for (const task of tasks) await client.stopTask({ cluster, task });
  assert.equal((await sdk.waitUntilTasksStopped(fast, { cluster, tasks })).state, "SUCCESS");
  await assert.rejects(sdk.waitUntilTasksRunning(fast, { cluster, tasks }), /FAILURE|STOPPED/);
  await assert.rejects(sdk.waitUntilTasksRunning(fast, { cluster, tasks: ["f".repeat(32)] }), /FAILURE|MISSING/);
});

test("TasksRunning fails for a task that ends at once", async () => {
  const client = world.client({ accessKeyId: "666666666666" });
  await client.createCluster({ clusterName: "short" });
  await register(client, "short");
  const task = await runOne(client, "short", await define(client, "short", { image: "berth/exit:1" }));
  await untilTask(client, "short", task, "STOPPED");
  const fast = { client, maxWaitTime: 20, minDelay: 0.05, maxDelay: 0.1 };
  await assert.rejects(sdk.waitUntilTasksRunning(fast, { cluster: "short", tasks: [task] }), /FAILURE|STOPPED/);
});
