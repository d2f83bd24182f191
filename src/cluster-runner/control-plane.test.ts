/** The control plane over real machines, a memory disk and a clock advanced by hand. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ControlPlaneCall } from "./api-calls.ts";
import {
  aControlPlane,
  anInstance,
  aRevision,
  arnPrefix,
  caller,
  openWhileCranked,
  place,
  refusedWith,
  type World,
} from "./cranked-control-plane.ts";
import { MachineClosedError, NotDurableError } from "./runner-errors.ts";

describe("calls", () => {
  it("reach the machines, and their results survive a restart", async () => {
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

  it("keep accounts and regions separate", async () => {
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

  it("DiscoverPollEndpoint answers for known clusters, including INACTIVE ones", async () => {
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

  it("create the default cluster once", async () => {
    const world = await aControlPlane();
    const made = Promise.all([1, 2].map(() => world.controlPlane.submit(place, { type: "create-default-cluster" })));
    await world.clock.settle();
    const [first, second] = (await made) as { readonly name: string }[];
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

  it("is finished if the store fails for a moment", async () => {
    for (const partition of ["account/123456789012/eu-west-1", "cluster/123456789012/eu-west-1/default"]) {
      const world = await aControlPlane();
      await world.call("CreateCluster", {});
      const containerInstance = await anInstance(world, "default");
      await world.call("DeregisterContainerInstance", { containerInstance });
      world.fates.set(partition, "kept-but-failed");
      if (partition.startsWith("account")) world.fates.set(partition, "fail");
      await assert.rejects(world.call("DeleteCluster", { cluster: "default" }), NotDurableError);
      await world.clock.advance(1_000);
      assert.equal(await statusOf(world), "INACTIVE", partition);
    }
  });
});

it("deleted task definitions are removed when no cluster uses them any more", async () => {
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

describe("a control plane in which all work takes long", () => {
  /** Makes every piece of work appear to take 10 ms. */
  const slowly = () => {
    let now = 0;
    return () => {
      now += 10;
      return now;
    };
  };

  it("answers small calls of others, and to the same cluster, before a long one", async () => {
    const world = await aControlPlane({ stopwatch: slowly() });
    await world.call("CreateCluster", { clusterName: "east" });
    const taskDefinition = await aRevision(world);
    const containerInstances: string[] = [];
    for (let at = 0; at < 3; at++) containerInstances.push(await anInstance(world, "east"));
    await world.call("CreateService", { cluster: "east", serviceName: "web", taskDefinition, desiredCount: 9 });
    await world.clock.advance(3_000);
    const order: string[] = [];
    const ask = (name: string, call: Partial<ControlPlaneCall>): Promise<unknown> =>
      world.controlPlane
        .call({ operation: "PlanDrain", request: {}, caller, ...place, ...call })
        .then(() => order.push(name));
    const all = [
      ask("plan", { request: { cluster: "east", containerInstances: containerInstances.slice(0, 1) } }),
      ask("other account", { account: "999999999999", operation: "ListClusters" }),
      ask("same cluster", { operation: "ListTasks", request: { cluster: "east" } }),
    ];
    await world.clock.settle();
    await Promise.all(all);
    assert.deepEqual(order, ["other account", "same cluster", "plan"]);
  });

  it("answers an account's small call although another account has hundreds waiting", async () => {
    const world = await aControlPlane({ stopwatch: slowly() });
    await world.call("CreateCluster", { clusterName: "east" });
    await world.call("ListClusters", {}, { account: "999999999999" });
    const order: string[] = [];
    const ask = (name: string, account: string): Promise<unknown> =>
      world.controlPlane
        .call({ operation: "ListClusters", request: {}, caller, ...place, account })
        .then(() => order.push(name));
    const all = Array.from({ length: 300 }, () => ask("many", place.account));
    all.push(ask("few", "999999999999"));
    await world.clock.settle();
    await Promise.all(all);
    assert.equal(order.length, 301);
    assert.ok(order.indexOf("few") < 10, `after ${order.indexOf("few")} of the others`);
  });

  it("takes an agent's reports in order, with the machine's timers and appends in between", async () => {
    const world = await aControlPlane({ stopwatch: slowly() });
    await world.call("CreateCluster", { clusterName: "east" });
    const arn = await anInstance(world, "east");
    const instanceId = arn.split("/").at(-1) ?? "";
    const hello = { agentVersion: "1.99.0", agentHash: "abcdef", dockerVersion: "DockerVersion: 25.0.8" };
    const connected = { type: "agent-connected", isNewProcess: false, instanceId, ...hello } as const;
    const reports = Array.from({ length: 21 }, (_, at) =>
      world.controlPlane.submit(
        { ...place, cluster: "east" },
        { type: "agent-report", report: at % 2 === 0 ? { type: "agent-disconnected", instanceId } : connected },
      ),
    );
    await world.clock.settle();
    await Promise.all(reports);
    const { containerInstances } = await world.call("DescribeContainerInstances", {
      cluster: "east",
      containerInstances: [arn],
    });
    assert.equal(containerInstances[0].agentConnected, false, "the last report counts");
  });
});
