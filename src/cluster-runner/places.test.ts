/** Goal: nothing is stored for a place until something is created there, and nothing once all of it is gone. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type AnsweredName, answeredNames } from "../ecs/machine/operations.ts";
import { ecsTimeline } from "../ecs/timeline.ts";
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
import { OverloadError } from "./runner-errors.ts";

const accountPartition = "account/123456789012/eu-west-1";
const clusterPartition = (name: string) => `cluster/123456789012/eu-west-1/${name}`;
const partitions = ({ disk }: World) => [...disk.partitions.keys()].sort();
const inMemory = ({ controlPlane }: World) => controlPlane.status().map(({ partition }) => partition);
const day = ecsTimeline.inactiveClusterRetentionMs;

/** Creates a cluster, uses it, and deletes it. */
async function aDeletedCluster(world: World, clusterName: string): Promise<void> {
  await world.call("CreateCluster", { clusterName });
  const containerInstance = await anInstance(world, clusterName);
  await world.call("DeregisterContainerInstance", { cluster: clusterName, containerInstance });
  await world.call("DeleteCluster", { cluster: clusterName });
}

describe("a place in which nobody created anything", () => {
  const instance = `${arnPrefix}container-instance/default/${"0".repeat(32)}`;
  const requests: readonly object[] = [
    {},
    { cluster: "none", tasks: ["x"], task: "x", services: ["x"], service: "x", containerInstances: ["x"] },
    { resourceArn: instance, tags: [{ key: "a", value: "b" }], tagKeys: ["a"] },
    { resourceArn: `${arnPrefix}cluster/none`, tags: [{ key: "a" }], tagKeys: ["a"] },
    { taskDefinition: "web:1", taskDefinitions: ["web:1"], capacityProvider: "x", name: "awsvpcTrunking" },
    { clusters: ["a", "b"], serviceDeploymentArns: [`${arnPrefix}service-deployment/none/web/x`] },
    { serviceDeploymentArn: `${arnPrefix}service-deployment/none/web/x`, stopType: "ABORT" },
  ];

  it("stores nothing for calls that create nothing", async () => {
    const world = await aControlPlane();
    const creates = new Set<AnsweredName>(["CreateCluster"]);
    let index = 0;
    for (const operation of answeredNames.filter((name) => !creates.has(name))) {
      for (const request of requests) {
        index += 1;
        const account = String(index).padStart(12, "0");
        const text = JSON.stringify(request).replaceAll("123456789012", account);
        const call = world.controlPlane.call({ ...place, operation, request: JSON.parse(text), caller, account });
        call.catch(() => {});
        await world.clock.settle();
        await call.catch(() => {});
      }
    }
    assert.ok(index > 350);
    assert.deepEqual([partitions(world), inMemory(world)], [[], []]);
    await world.call("CreateCluster", {});
    assert.deepEqual(partitions(world), [accountPartition]);
  });

  it("stores nothing for agents that connect, for their reports, or for readers of events", async () => {
    const world = await aControlPlane();
    const cluster = { ...place, cluster: "none" };
    const instanceId = "0".repeat(32);
    assert.equal(await world.controlPlane.submit(cluster, { type: "agent-standing", instanceId, caller }), "unknown");
    const report = { type: "agent-disconnected", instanceId } as const;
    const reported = world.controlPlane.submit(cluster, { type: "agent-report", report });
    await assert.rejects(reported, refusedWith("ClusterNotFoundException"));
    assert.deepEqual(await world.controlPlane.readEvents(cluster, 0, 10), []);
    assert.deepEqual([partitions(world), inMemory(world)], [[], []]);
  });

  it("answers like an empty one", async () => {
    const world = await aControlPlane();
    assert.deepEqual((await world.call("ListClusters", {})).clusterArns, []);
    const { clusters, failures } = await world.call("DescribeClusters", {});
    assert.deepEqual([clusters, failures], [[], [{ arn: `${arnPrefix}cluster/default`, reason: "MISSING" }]]);
    await assert.rejects(world.call("ListTasks", {}), refusedWith("ClusterNotFoundException"));
  });
});

describe("a cluster that was never used", () => {
  it("has no partition, whatever the calls, and none when it is deleted", async () => {
    const world = await aControlPlane();
    await world.call("CreateCluster", { clusterName: "idle" });
    assert.deepEqual((await world.call("ListTasks", { cluster: "idle" })).taskArns, []);
    const run = world.call("RunTask", { cluster: "idle", taskDefinition: await aRevision(world) });
    await assert.rejects(run, refusedWith("InvalidParameterException", /No Container Instances/));
    assert.equal((await world.call("DescribeClusters", { clusters: ["idle"] })).clusters[0].status, "ACTIVE");
    assert.equal((await world.call("DeleteCluster", { cluster: "idle" })).cluster.status, "INACTIVE");
    await assert.rejects(
      world.call("ListTasks", { cluster: "idle" }),
      refusedWith("ClusterNotFoundException", /inact/),
    );
    assert.deepEqual([partitions(world), inMemory(world)], [[accountPartition], [accountPartition]]);
  });

  it("isn't created by a call that comes after its deletion", async () => {
    const world = await aControlPlane();
    await world.call("CreateCluster", { clusterName: "idle" });
    // Both have found the cluster ACTIVE before either continues.
    const deleted = world.controlPlane.call({
      operation: "DeleteCluster",
      request: { cluster: "idle" },
      caller,
      ...place,
    });
    const resources = [
      { name: "CPU", type: "INTEGER", integerValue: 1024 },
      { name: "MEMORY", type: "INTEGER", integerValue: 1024 },
      { name: "PORTS", type: "STRINGSET", stringSetValue: [] },
      { name: "PORTS_UDP", type: "STRINGSET", stringSetValue: [] },
    ];
    const request = { cluster: "idle", totalResources: resources };
    const registered = world.controlPlane.call({ operation: "RegisterContainerInstance", request, caller, ...place });
    await Promise.all([
      deleted,
      assert.rejects(registered, refusedWith("ClusterNotFoundException")),
      world.clock.settle(),
    ]);
    assert.deepEqual([...(world.disk.partitions.get(clusterPartition("idle"))?.documents.keys() ?? [])], ["closed"]);
    await world.clock.advance(day + 120_000);
    assert.deepEqual(partitions(world), []);
    assert.deepEqual(inMemory(world), []);
  });
});

describe("a deleted cluster", () => {
  it("leaves memory soon, and is loaded on demand", async () => {
    const world = await aControlPlane();
    await aDeletedCluster(world, "lab");
    assert.deepEqual(inMemory(world), [accountPartition]);
    assert.deepEqual(partitions(world), [accountPartition, clusterPartition("lab")]);
    const events = await world.controlPlane.readEvents({ ...place, cluster: "lab" }, 0, 100);
    const instanceId = (JSON.parse(events[0]?.body ?? "").resources[0] as string).slice(-32);
    const standing = world.controlPlane.submit(
      { ...place, cluster: "lab" },
      { type: "agent-standing", instanceId, caller },
    );
    await world.clock.settle();
    assert.equal(await standing, "inactive");
  });

  it("is forgotten after its day, and with the last one its account and region", async () => {
    const world = await aControlPlane();
    await aDeletedCluster(world, "lab");
    await world.clock.advance(day - 60_000);
    assert.equal((await world.call("DescribeClusters", { clusters: ["lab"] })).clusters[0].status, "INACTIVE");
    assert.deepEqual(partitions(world), [accountPartition, clusterPartition("lab")]);
    await world.clock.advance(120_000);
    assert.equal((await world.call("DescribeClusters", { clusters: ["lab"] })).failures[0].reason, "MISSING");
    assert.deepEqual([partitions(world), inMemory(world)], [[], []]);
  });

  it("keeps its account while anything else is there", async () => {
    const world = await aControlPlane();
    await world.call("PutAccountSettingDefault", { name: "awsvpcTrunking", value: "enabled" });
    await aDeletedCluster(world, "lab");
    await world.clock.advance(day + 120_000);
    assert.deepEqual(partitions(world), [accountPartition]);
    await world.call("DeleteAccountSetting", { name: "awsvpcTrunking", principalArn: caller.principalArn });
    await world.clock.advance(1_000);
    assert.deepEqual(partitions(world), []);
  });

  it("continues its events if its name is used again, and isn't forgotten", async () => {
    const world = await aControlPlane();
    const events = () => world.controlPlane.readEvents({ ...place, cluster: "lab" }, 0, 100);
    await aDeletedCluster(world, "lab");
    const before = await events();
    await world.call("CreateCluster", { clusterName: "lab" });
    await anInstance(world, "lab");
    const after = await events();
    assert.deepEqual(after.slice(0, before.length), before);
    assert.ok(after.length > before.length);
    await world.clock.advance(2 * day);
    const again = await openWhileCranked(world);
    assert.equal((await again.call("ListContainerInstances", { cluster: "lab" })).containerInstanceArns.length, 1);
    assert.ok((await events()).length >= after.length);
  });

  it("if its name is used after its day, starts its events above all that a reader may have seen", async () => {
    const world = await aControlPlane();
    await aDeletedCluster(world, "lab");
    const events = () => world.controlPlane.readEvents({ ...place, cluster: "lab" }, 0, 100);
    const last = (await events()).at(-1)?.sequence ?? 0;
    await world.clock.advance(day + 120_000);
    assert.deepEqual(await events(), []);
    await world.call("CreateCluster", { clusterName: "lab" });
    await anInstance(world, "lab");
    const seen = (await events()).map(({ sequence }) => sequence);
    assert.deepEqual(
      seen,
      seen.map((_, index) => last + 1 + index),
    );
  });

  it("is forgotten at a later start if the process ended before", async () => {
    for (const cut of [accountPartition, clusterPartition("lab")]) {
      const world = await aControlPlane();
      await aDeletedCluster(world, "lab");
      await world.clock.advance(day - 10_000);
      world.fates.set(cut, "crash");
      await world.clock.advance(10 * 60_000);
      const again = await openWhileCranked(world);
      await again.clock.advance(5 * 60_000);
      assert.deepEqual(partitions(again), [], cut);
    }
  });

  it("is forgotten before its day if there are very many", async () => {
    const world = await aControlPlane();
    await aDeletedCluster(world, "first");
    await world.clock.advance(1_000);
    for (let index = 0; index < 1_000; index += 100) {
      const names = Array.from({ length: 100 }, (_, at) => `c${index + at}`);
      const all = async (calls: Promise<object>[]) => {
        await world.clock.settle();
        await Promise.all(calls);
      };
      const call = (operation: "CreateCluster" | "DeleteCluster", request: object) =>
        world.controlPlane.call({ operation, request, caller, ...place });
      await all(names.map((clusterName) => call("CreateCluster", { clusterName })));
      await all(names.map((cluster) => call("DeleteCluster", { cluster })));
    }
    await world.clock.advance(1_000);
    assert.equal((await world.call("DescribeClusters", { clusters: ["first"] })).failures.length, 1);
    assert.equal((await world.call("DescribeClusters", { clusters: ["c0"] })).clusters[0].status, "INACTIVE");
    assert.deepEqual(partitions(world), [accountPartition]);
  });
});

describe("after a restart", () => {
  it("only what lives is loaded; the rest is loaded when it is called or due", async () => {
    const world = await aControlPlane();
    await world.call("CreateCluster", { clusterName: "live" });
    await anInstance(world, "live");
    await world.call("CreateCluster", { clusterName: "quiet" });
    const containerInstance = await anInstance(world, "quiet");
    await world.call("DeregisterContainerInstance", { cluster: "quiet", containerInstance });
    await world.clock.advance(2 * ecsTimeline.inactiveInstanceRetentionMs);
    const again = await openWhileCranked(world);
    assert.deepEqual(again.loaded, ["live"]);
    assert.deepEqual(inMemory(again), [clusterPartition("live")]);
    assert.deepEqual((await again.call("ListClusters", {})).clusterArns.length, 2);
    assert.deepEqual((await again.call("ListContainerInstances", { cluster: "quiet" })).containerInstanceArns, []);
    assert.deepEqual(again.loaded, ["live", "quiet"]);
  });

  it("what is due in a partition that nobody calls is done", async () => {
    const world = await aControlPlane();
    await world.call("CreateCluster", { clusterName: "idle" });
    await world.call("DeleteCluster", { cluster: "idle" });
    const again = await openWhileCranked(world);
    assert.deepEqual(inMemory(again), []);
    await again.clock.advance(day + 120_000);
    assert.deepEqual(partitions(again), []);
  });
});

describe("marks of an older Berth, which have only the incarnation", () => {
  const oldMark = async (world: World, name: string) => {
    await world.controlPlane.close();
    const partition = world.disk.partitions.get(clusterPartition(name));
    assert.ok(partition !== undefined);
    partition.documents.set("closed", new Map([["closed", JSON.stringify({ incarnation: 1 })]]));
    partition.neededAt = 0;
  };

  it("of a cluster that was created again and used: it stays", async () => {
    const world = await aControlPlane();
    await aDeletedCluster(world, "lab");
    await world.call("CreateCluster", { clusterName: "lab" });
    await anInstance(world, "lab");
    await oldMark(world, "lab");
    const again = await openWhileCranked(world);
    await again.clock.advance(3 * day);
    await again.controlPlane.close();
    const once = await openWhileCranked(again);
    await once.clock.advance(3 * day);
    assert.equal((await once.call("ListContainerInstances", { cluster: "lab" })).containerInstanceArns.length, 1);
  });

  it("of a cluster that is INACTIVE, or that the account has forgotten: it is removed in time", async () => {
    const world = await aControlPlane();
    await aDeletedCluster(world, "lab");
    await world.call("CreateCluster", { clusterName: "keeps-the-account" });
    await oldMark(world, "lab");
    const again = await openWhileCranked(world);
    assert.equal((await again.call("DescribeClusters", { clusters: ["lab"] })).clusters[0].status, "INACTIVE");
    await again.clock.advance(day + 120_000);
    assert.deepEqual(partitions(again), [accountPartition]);
  });
});

describe("machines in memory", () => {
  const accounts = ["000000000001", "000000000002"] as const;
  const register = async (world: World, account: string, cluster: string) => {
    await world.call("CreateCluster", { clusterName: cluster }, { account });
    const totalResources = [
      { name: "CPU", type: "INTEGER", integerValue: 1024 },
      { name: "MEMORY", type: "INTEGER", integerValue: 1024 },
      { name: "PORTS", type: "STRINGSET", stringSetValue: [] },
      { name: "PORTS_UDP", type: "STRINGSET", stringSetValue: [] },
    ];
    await world.call("RegisterContainerInstance", { cluster, totalResources }, { account });
  };

  it("one account can't take another's room", async () => {
    const world = await aControlPlane({
      rooms: { clusters: { machines: 8, perAccount: 5, keptForSmall: 3, ofSmall: 3 } },
    });
    for (let index = 0; index < 5; index++) await register(world, accounts[0], `c${index}`);
    await assert.rejects(register(world, accounts[0], "more"), OverloadError);
    for (const cluster of ["a", "b", "c"]) await register(world, accounts[1], cluster);
    // Room reserved for small accounts isn't for one that has used its share of it.
    await assert.rejects(register(world, accounts[1], "d"), OverloadError);
    const { containerInstanceArns } = await world.call(
      "ListContainerInstances",
      { cluster: "c0" },
      { account: accounts[0] },
    );
    assert.equal(containerInstanceArns.length, 1);
  });

  it("those without anything living make room, and are loaded again on demand", async () => {
    const world = await aControlPlane({
      rooms: { accounts: { machines: 4, perAccount: 4, keptForSmall: 0, ofSmall: 4 } },
    });
    for (let index = 0; index < 40; index++) {
      const account = String(index + 1).padStart(12, "0");
      await world.call("CreateCluster", { clusterName: `c${index}` }, { account });
      await world.clock.advance(2_000);
    }
    assert.ok(inMemory(world).length <= 4);
    assert.equal(partitions(world).length, 40);
    for (let index = 0; index < 40; index++) {
      const account = String(index + 1).padStart(12, "0");
      const { clusterArns } = await world.call("ListClusters", {}, { account });
      assert.deepEqual(clusterArns, [`arn:aws:ecs:eu-west-1:${account}:cluster/c${index}`]);
      await world.clock.advance(2_000);
    }
  });

  it("the longest unused of those without anything living are put away when there are thousands", async () => {
    const world = await aControlPlane();
    const name = (index: number) => String(index + 1).padStart(12, "0");
    for (let index = 0; index < 2_600; index += 100) {
      const calls = Array.from({ length: 100 }, (_, at) =>
        world.controlPlane.call({
          operation: "CreateCluster",
          request: {},
          caller,
          ...place,
          account: name(index + at),
        }),
      );
      await world.clock.settle();
      await Promise.all(calls);
    }
    assert.equal(partitions(world).length, 2_600);
    assert.ok(inMemory(world).length <= 2_200, String(inMemory(world).length));
    const accounts = new Set(inMemory(world));
    assert.deepEqual(
      [accounts.has(`account/${name(0)}/eu-west-1`), accounts.has(`account/${name(2_599)}/eu-west-1`)],
      [false, true],
    );
  });
});
