/** The Fargate quota holds over all clusters of an account and region, whoever starts tasks and whatever restarts. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { limits } from "../ecs/limits.ts";
import type { AnsweredName } from "../ecs/machine/operations.ts";
import { ecsTimeline } from "../ecs/timeline.ts";
import { aControlPlane, caller, place, type World } from "./cranked-control-plane.ts";
import { NotDurableError } from "./runner-errors.ts";

const quotaReason = "You’ve reached the limit on the number of vCPUs you can run concurrently";
const subnets = { awsvpcConfiguration: { subnets: ["subnet-1"] } };
const onFargate = { launchType: "FARGATE", networkConfiguration: subnets };
/** As many tasks of 16 vCPUs as the quota allows. */
const tasksMax = limits.fargateVcpus / 16;

async function aFargateWorld(...clusters: string[]): Promise<World> {
  let openings = 0;
  // The first load of a cluster is quick, later ones take a while.
  const openMs = (partition: string) => (partition.endsWith("/east") && ++openings > 1 ? 3_000 : 0);
  const world = await aControlPlane({ openMs });
  for (const clusterName of clusters) await world.call("CreateCluster", { clusterName });
  for (const [family, cpu, memory] of [
    ["large", "16384", "32768"],
    ["small", "256", "512"],
  ]) {
    await world.call("RegisterTaskDefinition", {
      family,
      networkMode: "awsvpc",
      requiresCompatibilities: ["FARGATE"],
      cpu,
      memory,
      containerDefinitions: [{ name: "web", image: "nginx" }],
    });
  }
  return world;
}

const aService = (desiredCount: number, more: object = {}) => ({
  serviceName: "web",
  taskDefinition: "large",
  desiredCount,
  ...onFargate,
  ...more,
});

async function tasksOf({ call }: World, cluster: string): Promise<{ taskArn: string; cpu: string }[]> {
  const tasks = [];
  for (const desiredStatus of ["RUNNING", "STOPPED"]) {
    for (let nextToken: string | undefined; ; ) {
      const page = await call("ListTasks", { cluster, desiredStatus, nextToken });
      if (page.taskArns.length > 0) {
        const described = await call("DescribeTasks", { cluster, tasks: page.taskArns });
        tasks.push(...described.tasks.filter((task: { lastStatus: string }) => task.lastStatus !== "STOPPED"));
      }
      nextToken = page.nextToken ?? undefined;
      if (nextToken === undefined) break;
    }
  }
  return tasks;
}

/** How many tasks of each cluster are not STOPPED. */
async function held(world: World, ...clusters: string[]): Promise<number[]> {
  const counts: number[] = [];
  for (const cluster of clusters) counts.push((await tasksOf(world, cluster)).length);
  return counts;
}

/** Stops tasks, beginning with the cluster's first, and waits until their agent has reported it. */
async function stop(world: World, cluster: string, count: number): Promise<void> {
  for (const { taskArn } of (await tasksOf(world, cluster)).slice(0, count)) {
    await world.call("StopTask", { cluster, task: taskArn });
    await agentStops(world, cluster, taskArn);
  }
  await world.clock.advance(ecsTimeline.networkInterfaceMs);
}

async function agentStops({ call }: World, cluster: string, task: string): Promise<void> {
  const containers = [{ containerName: "web", status: "STOPPED" }];
  await call("SubmitTaskStateChange", { cluster, task, status: "STOPPED", reason: "", containers });
}

async function fill({ call }: World, cluster: string, tasks: number): Promise<void> {
  for (let left = tasks; left > 0; left -= 10) {
    const count = Math.min(left, 10);
    const { failures } = await call("RunTask", { cluster, taskDefinition: "large", count, ...onFargate });
    assert.deepEqual(failures, []);
  }
}

describe("the Fargate quota", () => {
  it("holds when services of two clusters start together and RunTask joins them", async () => {
    const world = await aFargateWorld("east", "west", "north");
    const { controlPlane, clock } = world;
    const operation = "CreateService" as const;
    const calls = ["east", "west"].map((cluster) =>
      controlPlane.call({ operation, request: { cluster, ...aService(200) }, caller, ...place }),
    );
    const run = { cluster: "north", taskDefinition: "large", count: 10, ...onFargate };
    const ran = controlPlane.call({ operation: "RunTask", request: run, caller, ...place });
    await clock.advance(10_000);
    await Promise.all([...calls, ran]);
    const [east = 0, west = 0, north = 0] = await held(world, "east", "west", "north");
    assert.equal(east + west + north, tasksMax);
    assert.ok(east >= 50 && west >= 50 && north > 0, `${east} ${west} ${north}`);
    const { tasks, failures } = await world.call("RunTask", run);
    assert.deepEqual([tasks, failures], [[], [{ reason: quotaReason }]]);
    const { services } = await world.call("DescribeServices", { cluster: "west", services: ["web"] });
    assert.match(services[0].events[0].message, /was unable to place a task\. Reason: You’ve reached the limit/);
  });

  it("counts Fargate Spot separately", async () => {
    const world = await aFargateWorld("east", "west");
    await fill(world, "east", tasksMax);
    const capacityProviders = ["FARGATE", "FARGATE_SPOT"];
    const strategy = { cluster: "west", capacityProviders, defaultCapacityProviderStrategy: [] };
    await world.call("PutClusterCapacityProviders", strategy);
    const capacityProviderStrategy = [{ capacityProvider: "FARGATE_SPOT", weight: 1 }];
    const { launchType: _, ...spot } = aService(3, { capacityProviderStrategy });
    await world.call("CreateService", { cluster: "west", ...spot });
    await world.clock.advance(5_000);
    assert.deepEqual(await held(world, "east", "west"), [tasksMax, 3]);
  });

  it("wakes a service that waits for it as soon as another cluster's tasks stop", async () => {
    const world = await aFargateWorld("east", "west");
    await fill(world, "east", tasksMax);
    await world.call("CreateService", { cluster: "west", ...aService(2) });
    await world.clock.advance(5_000);
    assert.deepEqual(await held(world, "west"), [0]);
    for (const stopped of [1, 2]) {
      await stop(world, "east", 1);
      // Much sooner than a service retries by itself.
      await world.clock.advance(ecsTimeline.serviceLookMs);
      assert.deepEqual(await held(world, "east", "west"), [tasksMax - stopped, stopped]);
    }
  });

  it("is freed when a cluster's service goes, and separate for each account and region", async () => {
    const world = await aFargateWorld("east", "west");
    await world.call("CreateService", { cluster: "east", ...aService(tasksMax) });
    await world.clock.advance(10_000);
    await world.call("CreateService", { cluster: "west", ...aService(tasksMax) });
    await world.clock.advance(10_000);
    assert.deepEqual(await held(world, "east", "west"), [tasksMax, 0]);
    await world.call("DeleteService", { cluster: "east", service: "web", force: true });
    await world.clock.advance(5_000);
    assert.deepEqual(await held(world, "east", "west"), [tasksMax, 0], "a task that is stopping holds what it has");
    for (const { taskArn } of await tasksOf(world, "east")) await agentStops(world, "east", taskArn);
    await world.clock.advance(ecsTimeline.networkInterfaceMs + 10 * ecsTimeline.serviceLookMs);
    assert.deepEqual(await held(world, "east", "west"), [0, tasksMax]);
    for (const other of [{ region: "us-east-1" }, { account: "210987654321" }]) {
      await world.call("CreateCluster", {}, other);
      const containerDefinitions = [{ name: "web", image: "nginx" }];
      const more = { networkMode: "awsvpc", requiresCompatibilities: ["FARGATE"], cpu: "256", memory: "512" };
      await world.call("RegisterTaskDefinition", { family: "small", containerDefinitions, ...more }, other);
      const { failures } = await world.call("RunTask", { taskDefinition: "small", ...onFargate }, other);
      assert.deepEqual(failures, []);
    }
  });

  it("holds after a restart, even while clusters are still being loaded", async () => {
    const world = await aFargateWorld("east", "west");
    await fill(world, "west", tasksMax);
    await world.call("CreateService", { cluster: "east", ...aService(3) });
    await world.clock.advance(5_000);
    assert.deepEqual(await held(world, "east", "west"), [0, tasksMax]);
    await world.controlPlane.close();

    const { disk, clock } = world;
    const opening = aControlPlane({ disk, clock, openMs: (partition) => (partition.endsWith("west") ? 10_000 : 0) });
    await clock.advance(15_000);
    const again = await opening;
    assert.deepEqual(await held(again, "east", "west"), [0, tasksMax]);
    await stop(again, "west", 1);
    await again.clock.advance(ecsTimeline.serviceLookMs);
    assert.deepEqual(await held(again, "east", "west"), [1, tasksMax - 1]);
  });

  it("counts the tasks that a Berth without reservations has started", async () => {
    const world = await aFargateWorld("east", "west");
    await fill(world, "west", tasksMax - 1);
    await world.controlPlane.close();
    world.disk.partitions.get("account/123456789012/eu-west-1")?.documents.delete("fargate-reservation");
    const opening = aControlPlane({ disk: world.disk, clock: world.clock });
    await world.clock.advance(1_000);
    const again = await opening;
    const { tasks, failures } = await again.call("RunTask", run("east", 3));
    assert.deepEqual([tasks.length, failures.length], [1, 1]);
  });

  it("holds for a cluster that is created again, whatever was reserved for the deleted one", async () => {
    const world = await aFargateWorld("north", "west");
    const north = { ...place, cluster: "north" };
    await fill(world, "north", 1);
    await stop(world, "north", 1);
    await world.call("DeleteCluster", { cluster: "north" });
    await world.call("CreateCluster", { clusterName: "north" });
    await fill(world, "west", tasksMax - 1);
    // An answer of the account from before the deletion arrives late.
    const reserved = { FARGATE: 160 * 1024, FARGATE_SPOT: 0 };
    const late = { type: "fargate-reserved", incarnation: 1, revision: 99, reserved } as const;
    assert.deepEqual(await held(world, "north"), [0]);
    const submitted = world.controlPlane.submit(north, late);
    await world.clock.settle();
    await submitted;
    const { tasks, failures } = await world.call("RunTask", run("north", 3));
    assert.deepEqual([tasks.length, failures.length], [1, 1]);
    assert.deepEqual(await held(world, "north", "west"), [1, tasksMax - 1]);
  });

  it("counts a cluster's tasks during its reload after a fault", async () => {
    const world = await aFargateWorld("east", "west");
    await fill(world, "east", tasksMax);
    world.fates.set("cluster/123456789012/eu-west-1/east", "fail");
    const { taskArns } = await world.call("ListTasks", { cluster: "east" });
    const ask = (operation: AnsweredName, request: object) => {
      const answer = world.controlPlane.call({ operation, request, caller, ...place });
      answer.catch(() => {});
      return answer as Promise<{ failures: object[] }>;
    };
    const stopped = ask("StopTask", { cluster: "east", task: taskArns[0] });
    const run = ask("RunTask", { cluster: "west", taskDefinition: "small", ...onFargate });
    await world.clock.settle();
    await assert.rejects(stopped, NotDurableError);
    assert.deepEqual((await run).failures, [{ reason: quotaReason }]);
    await world.clock.advance(2_000);
    const during = await world.call("RunTask", { cluster: "west", taskDefinition: "small", ...onFargate });
    assert.deepEqual(during.failures, [{ reason: quotaReason }]);
    await world.clock.advance(3_000);
    const { failures } = await world.call("RunTask", { cluster: "west", taskDefinition: "small", ...onFargate });
    assert.deepEqual([failures, await held(world, "east", "west")], [[{ reason: quotaReason }], [tasksMax, 0]]);
  });
});

const clusters = ["east", "west", "north"];
type Act =
  | { readonly type: "run"; readonly cluster: string; readonly count: number }
  | { readonly type: "stop"; readonly cluster: string; readonly count: number }
  | { readonly type: "fail"; readonly partition: string; readonly cluster: string; readonly count: number }
  | { readonly type: "restart" };

const acts: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant("run" as const),
      cluster: fc.constantFrom(...clusters),
      count: fc.integer({ min: 1, max: 10 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant("stop" as const),
      cluster: fc.constantFrom(...clusters),
      count: fc.integer({ min: 1, max: 8 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant("fail" as const),
      partition: fc.constantFrom(
        "account/123456789012/eu-west-1",
        ...clusters.map((name) => `cluster/123456789012/eu-west-1/${name}`),
      ),
      cluster: fc.constantFrom(...clusters),
      count: fc.integer({ min: 1, max: 10 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("restart" as const) }) },
);

const run = (cluster: string, count: number) => ({ cluster, taskDefinition: "large", count, ...onFargate });

/** What is stored: the reservations of the account, and what the tasks of each cluster hold. */
function stored(world: World) {
  const documents = (partition: string, kind: string) =>
    [...(world.disk.partitions.get(partition)?.documents.get(kind)?.values() ?? [])].map((body) => JSON.parse(body));
  const reserved = new Map<string, number>();
  for (const each of documents("account/123456789012/eu-west-1", "fargate-reservation")) {
    reserved.set(each.cluster, each.reserved.FARGATE);
  }
  const use = new Map<string, number>();
  for (const cluster of clusters) {
    const tasks = documents(`cluster/123456789012/eu-west-1/${cluster}`, "task");
    const holding = tasks.filter((task: { lastStatus: string }) => task.lastStatus !== "STOPPED");
    use.set(
      cluster,
      holding.reduce((sum: number, task: { reservation: { cpu: number } }) => sum + task.reservation.cpu, 0),
    );
  }
  return { reserved, use };
}

function checkStored(world: World): void {
  const { reserved, use } = stored(world);
  const sum = [...reserved.values()].reduce((all, each) => all + each, 0);
  assert.ok(sum <= limits.fargateVcpus * 1024, `reserved ${sum}`);
  for (const [cluster, cpu] of use) assert.ok(cpu <= (reserved.get(cluster) ?? 0), `${cluster} uses ${cpu}`);
}

it("the quota is never exceeded, and nobody is refused while there is room, whatever starts, stops, fails and restarts", async () => {
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(acts, { minLength: 4, maxLength: 14 }), async (sequence) => {
      let world = await aFargateWorld(...clusters);
      await fill(world, "west", tasksMax - 10);
      for (const act of sequence) {
        if (act.type === "restart") {
          await world.controlPlane.close();
          const opening = aControlPlane({ disk: world.disk, clock: world.clock });
          await world.clock.advance(1_000);
          world = await opening;
        } else if (act.type === "stop") await stop(world, act.cluster, act.count);
        else if (act.type === "fail") {
          world.fates.set(act.partition, "fail");
          const ran = world.controlPlane.call({
            operation: "RunTask",
            request: run(act.cluster, act.count),
            caller,
            ...place,
          });
          ran.catch(() => {});
          await world.clock.advance(20_000);
          await ran.catch((error: unknown) => assert.ok(error instanceof NotDurableError, String(error)));
          world.fates.clear();
        } else {
          const before = (await held(world, ...clusters)).reduce((all, each) => all + each, 0);
          const { tasks, failures } = await world.call("RunTask", run(act.cluster, act.count));
          assert.equal(tasks.length, Math.min(act.count, tasksMax - before));
          refused += failures.length;
        }
        checkStored(world);
      }
      await world.controlPlane.close();
    }),
    { numRuns: 25 },
  );
  assert.ok(refused > 0, "the quota was reached");
});
