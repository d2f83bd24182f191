/** The control plane over the real machines, a memory disk and a clock cranked by hand. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { accountOperations } from "../ecs/account-operations.ts";
import { clusterOperations } from "../ecs/cluster-operations.ts";
import type { ClusterEffect } from "../ecs/effect.ts";
import { Refusal } from "../ecs/refusals.ts";
import { seededRandom } from "../lib/random.ts";
import { VirtualClock } from "../lib/virtual-clock.ts";
import { type AppendFate, emptyMemoryDisk, MemoryStore } from "../store/memory/memory-store.ts";
import type { ClusterPlace } from "./cluster-place.ts";
import { ControlPlane, type ControlPlaneCall } from "./control-plane.ts";
import { berthRoutes, operationRoutes, type RoutedOperation } from "./operation-routes.ts";
import { MachineClosedError, NotDurableError } from "./runner-errors.ts";

const place = { account: "123456789012", region: "eu-west-1" };
const caller = { principalArn: "arn:aws:iam::123456789012:root", isAgent: false };
const arnPrefix = "arn:aws:ecs:eu-west-1:123456789012:";

async function aControlPlane({ disk = emptyMemoryDisk(), clock = new VirtualClock(1_700_000_000_000) } = {}) {
  const fates = new Map<string, AppendFate | "crash">();
  const store: MemoryStore = new MemoryStore({
    disk,
    beforeAppend: async (partition) => {
      const fate = fates.get(partition) ?? "ok";
      fates.delete(partition);
      if (fate !== "crash") return fate;
      store.crash();
      return "ok";
    },
  });
  const effects: [ClusterPlace, ClusterEffect][] = [];
  const loaded: string[] = [];
  const controlPlane = new ControlPlane({
    store,
    clock,
    randomFor: (partition) => seededRandom(partition),
    configuration: { latestAgentVersion: "1.99.0", verifyIdentity: null },
    endpoints: () => ({ endpoint: "http://acs", telemetryEndpoint: "http://tcs" }),
    log: () => {},
  });
  controlPlane.onEffect((at, effect) => effects.push([at, effect]));
  controlPlane.onLoaded(({ cluster }) => loaded.push(cluster));
  await controlPlane.open();

  /** A call and all that follows from it. */
  async function call(operation: RoutedOperation, request: object, more: Partial<ControlPlaneCall> = {}) {
    const answer = controlPlane.call({ operation, request, caller, ...place, ...more });
    answer.catch(() => {});
    await clock.settle();
    // biome-ignore lint/suspicious/noExplicitAny: replies are read as loosely as JSON
    return (await answer) as any;
  }
  return { controlPlane, clock, disk, store, fates, effects, loaded, call };
}

type World = Awaited<ReturnType<typeof aControlPlane>>;

async function anInstance({ call, controlPlane, clock }: World, cluster: string): Promise<string> {
  const totalResources = [
    { name: "CPU", type: "INTEGER", integerValue: 1024 },
    { name: "MEMORY", type: "INTEGER", integerValue: 1024 },
    { name: "PORTS", type: "STRINGSET", stringSetValue: [] },
    { name: "PORTS_UDP", type: "STRINGSET", stringSetValue: [] },
  ];
  const { containerInstance } = await call("RegisterContainerInstance", { cluster, totalResources });
  const instanceId = containerInstance.containerInstanceArn.split("/").at(-1);
  const hello = { agentVersion: "1.99.0", agentHash: "abcdef", dockerVersion: "DockerVersion: 25.0.8" };
  const reported = controlPlane.report(
    { ...place, cluster },
    { type: "agent-connected", isNewProcess: true, instanceId, ...hello },
  );
  await clock.settle();
  await reported;
  return containerInstance.containerInstanceArn;
}

async function aRevision({ call }: World): Promise<string> {
  const containerDefinitions = [{ name: "web", image: "nginx", memory: 64, essential: true }];
  const { taskDefinition } = await call("RegisterTaskDefinition", { family: "web", containerDefinitions });
  return taskDefinition.taskDefinitionArn;
}

const refusedWith = (code: string, text?: RegExp) => (error: unknown) =>
  error instanceof Refusal && error.code === code && (text === undefined || text.test(error.message));

it("the routes are exactly the operations of the machines", () => {
  const routed = (...scopes: string[]) =>
    Object.entries({ ...operationRoutes, ...berthRoutes })
      .filter(([, { scope }]) => scopes.includes(scope))
      .map(([name]) => name);
  assert.deepEqual(routed("account", "by-arn").sort(), [...accountOperations.keys()].sort());
  assert.deepEqual(routed("cluster", "by-arn", "by-history-arns").sort(), Object.keys(clusterOperations).sort());
  assert.deepEqual(routed("own"), ["DeleteCluster", "DiscoverPollEndpoint"]);
});

describe("calls", () => {
  it("reach the machines, and what was answered is there after a restart", async () => {
    const world = await aControlPlane();
    await world.call("CreateCluster", { clusterName: "east" });
    const instanceArn = await anInstance(world, "east");
    const taskDefinition = await aRevision(world);
    const { tasks, failures } = await world.call("RunTask", { cluster: "east", taskDefinition, count: 2 });
    assert.deepEqual([tasks.length, failures], [2, []]);
    const delivered = world.effects.filter(([, { type }]) => type === "deliver-tasks");
    assert.ok(delivered.length > 0);
    assert.deepEqual(delivered[0]?.[0], { ...place, cluster: "east" });
    await world.controlPlane.close();

    const again = await aControlPlane(world);
    const { clusters } = await again.call("DescribeClusters", { clusters: ["east"] });
    assert.deepEqual([clusters[0].registeredContainerInstancesCount, clusters[0].pendingTasksCount], [1, 2]);
    const { taskArns } = await again.call("ListTasks", { cluster: `${arnPrefix}cluster/east` });
    assert.deepEqual(taskArns.sort(), tasks.map((task: { taskArn: string }) => task.taskArn).sort());
    assert.deepEqual(again.loaded, ["east"]);
    const events = await again.controlPlane.readEvents({ ...place, cluster: "east" }, 0, 100);
    assert.deepEqual(
      events.map(({ sequence }) => sequence),
      events.map((_, i) => i + 1),
    );
    const bodies = events.map(({ body }) => JSON.parse(body));
    const ofInstance = bodies.filter(({ resources }) => resources.includes(instanceArn));
    assert.ok(ofInstance.length >= 3);
    for (const { attributesIn, detail } of ofInstance) {
      assert.equal(attributesIn, undefined, "what is read out needs no other event");
      assert.deepEqual(detail.attributes, ofInstance[0].detail.attributes);
      assert.ok(detail.attributes.length > 0);
    }
    const counts = again.controlPlane.describeCounts();
    assert.deepEqual([counts.containerInstances.get("ACTIVE"), counts.tasks.get("PENDING")], [1, 2]);
    assert.ok(instanceArn.startsWith(`${arnPrefix}container-instance/east/`));
  });

  it("into an unknown cluster are refused first of all, and leave no partition", async () => {
    const world = await aControlPlane();
    const nothing = { cluster: "x", taskDefinition: "nothing" };
    await assert.rejects(
      world.call("RunTask", { ...nothing, cluster: "../x" }),
      refusedWith("InvalidParameterException", /^Cluster must match .*, but was \.\.\/x$/),
    );
    await assert.rejects(
      world.call("RunTask", nothing),
      refusedWith("ClusterNotFoundException", /^Cluster not found\.$/),
    );
    await assert.rejects(world.call("ListTasks", {}), refusedWith("ClusterNotFoundException"));
    await world.call("CreateCluster", {});
    const unknown = world.call("RunTask", { taskDefinition: "nothing" });
    await assert.rejects(unknown, refusedWith("ClientException", /^TaskDefinition not found\.$/));
    await assert.rejects(
      world.call("ListClusters", {}, { account: "12/34" }),
      refusedWith("InvalidParameterException"),
    );
    assert.deepEqual([...world.disk.partitions.keys()], ["account/123456789012/eu-west-1"]);
  });

  it("accounts and regions are apart", async () => {
    const world = await aControlPlane();
    await world.call("CreateCluster", { clusterName: "east" });
    const elsewhere = await world.call("ListClusters", {}, { region: "us-east-1" });
    assert.deepEqual(elsewhere.clusterArns, []);
    const own = await world.call("ListClusters", {});
    assert.deepEqual(own.clusterArns, [`${arnPrefix}cluster/east`]);
  });

  it("tags go to the machine that owns the ARN", async () => {
    const world = await aControlPlane();
    await world.call("CreateCluster", { clusterName: "east" });
    const arns = [`${arnPrefix}cluster/east`, await aRevision(world), await anInstance(world, "east")];
    const tags = [{ key: "team", value: "blue" }];
    for (const resourceArn of arns) {
      await world.call("TagResource", { resourceArn, tags });
      assert.deepEqual((await world.call("ListTagsForResource", { resourceArn })).tags, tags);
      await world.call("UntagResource", { resourceArn, tagKeys: ["team"] });
      assert.deepEqual((await world.call("ListTagsForResource", { resourceArn })).tags, []);
    }
    const short = { resourceArn: `${arnPrefix}task/0123`, tags };
    await assert.rejects(
      world.call("TagResource", short),
      refusedWith("InvalidParameterException", /^Long arn format/),
    );
    const lost = { resourceArn: `${arnPrefix}task/west/0123`, tags };
    await assert.rejects(world.call("TagResource", lost), refusedWith("ClusterNotFoundException"));
  });

  it("DiscoverPollEndpoint answers for what is known, INACTIVE clusters included", async () => {
    const world = await aControlPlane();
    const endpoints = { endpoint: "http://acs", telemetryEndpoint: "http://tcs" };
    await assert.rejects(world.call("DiscoverPollEndpoint", {}), refusedWith("ClientException"));
    await world.call("CreateCluster", {});
    const containerInstance = await anInstance(world, "default");
    assert.deepEqual(await world.call("DiscoverPollEndpoint", { containerInstance }), endpoints);
    const unknown = { cluster: "default", containerInstance: "0123" };
    await assert.rejects(world.call("DiscoverPollEndpoint", unknown), refusedWith("InvalidParameterException", /0123/));
    await world.call("DeregisterContainerInstance", { containerInstance });
    await world.call("DeleteCluster", { cluster: "default" });
    assert.deepEqual(await world.call("DiscoverPollEndpoint", { containerInstance }), endpoints);
  });

  it("makes the default cluster once", async () => {
    const world = await aControlPlane();
    const made = Promise.all([1, 2].map(() => world.controlPlane.createDefaultCluster(place)));
    await world.clock.settle();
    const [first, second] = await made;
    assert.deepEqual([first?.name, first], ["default", second]);
  });

  it("are refused once it is closed", async () => {
    const world = await aControlPlane();
    await world.call("CreateCluster", {});
    await world.controlPlane.close();
    await assert.rejects(world.call("ListClusters", {}), MachineClosedError);
    assert.ok(world.controlPlane.status().every(({ state }) => state === "closed"));
  });
});

describe("DeleteCluster", () => {
  const statusOf = async ({ call }: World) => (await call("DescribeClusters", {})).clusters[0]?.status;

  it("is refused while an instance is there; the name can be used again", async () => {
    const world = await aControlPlane();
    await world.call("CreateCluster", {});
    const containerInstance = await anInstance(world, "default");
    const full = world.call("DeleteCluster", { cluster: "default" });
    await assert.rejects(full, refusedWith("ClusterContainsContainerInstancesException"));
    await world.call("DeregisterContainerInstance", { containerInstance });
    const { cluster } = await world.call("DeleteCluster", { cluster: "default" });
    assert.equal(cluster.status, "INACTIVE");
    await assert.rejects(world.call("ListTasks", {}), refusedWith("ClusterNotFoundException", /inactive/));
    await world.call("CreateCluster", {});
    await anInstance(world, "default");
    assert.equal(await statusOf(world), "ACTIVE");
  });

  it("is finished after a crash between its two machines", async () => {
    const world = await aControlPlane();
    await world.call("CreateCluster", {});
    await anInstance(world, "default").then((containerInstance) =>
      world.call("DeregisterContainerInstance", { containerInstance }),
    );
    world.fates.set("account/123456789012/eu-west-1", "crash");
    void world.controlPlane.call({ operation: "DeleteCluster", request: { cluster: "default" }, caller, ...place });
    await world.clock.settle();

    const again = await openWhileCranked(world);
    assert.equal(await statusOf(again), "INACTIVE");
  });

  it("is finished when the store fails for a moment", async () => {
    for (const partition of ["account/123456789012/eu-west-1", "cluster/123456789012/eu-west-1/default"]) {
      const world = await aControlPlane();
      await world.call("CreateCluster", {});
      await world.call("ListTasks", {});
      world.fates.set(partition, "kept-but-failed");
      if (partition.startsWith("account")) world.fates.set(partition, "fail");
      await assert.rejects(world.call("DeleteCluster", { cluster: "default" }), NotDurableError);
      await world.clock.advance(1_000);
      assert.equal(await statusOf(world), "INACTIVE", partition);
    }
  });
});

it("deleted task definitions go when no cluster uses them any more", async () => {
  const world = await aControlPlane();
  await world.call("CreateCluster", {});
  await anInstance(world, "default");
  const taskDefinition = await aRevision(world);
  const { tasks } = await world.call("RunTask", { taskDefinition });
  await world.call("DeregisterTaskDefinition", { taskDefinition });
  await world.call("DeleteTaskDefinitions", { taskDefinitions: [taskDefinition] });
  const listed = async () =>
    (await world.call("ListTaskDefinitions", { status: "DELETE_IN_PROGRESS" })).taskDefinitionArns;
  await world.clock.advance(120_000);
  assert.deepEqual(await listed(), [taskDefinition]);

  await world.call("StopTask", { task: tasks[0].taskArn });
  const stopped = { task: tasks[0].taskArn, status: "STOPPED", containers: [] };
  await world.call("SubmitTaskStateChange", stopped);
  await world.clock.advance(2 * 3_600_000);
  assert.deepEqual(await listed(), []);
});

/** Opening appends, so somebody has to crank the clock meanwhile. */
async function openWhileCranked({ disk, clock }: World): Promise<World> {
  const opening = aControlPlane({ disk, clock });
  await clock.settle();
  return opening;
}
