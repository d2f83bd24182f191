/** Where RunTask and StartTask place tasks, and how a placement is explained. With AWS's SDK over HTTP and simulated hosts. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type {
  Attribute,
  Failure,
  PlacementConstraint,
  PlacementStrategy,
  RunTaskCommandInput,
} from "@aws-sdk/client-ecs";
import type { SignedApi } from "../../src/agent/remote/signed-api.ts";
import type { ExplainPlacementReply } from "../../src/ecs/tasks/explain-placement.ts";
import { must } from "../../src/lib/assert.ts";
import { berthApi, define, expectRefused, resources, startWorld, type World } from "./world.ts";

let world: World;
let berth: SignedApi;
before(async () => {
  world = await startWorld();
  berth = berthApi(world);
  await define(world.ecs, "small", { cpu: 128, memory: 128 });
});
after(async () => {
  berth.close();
  await world.close();
});

type Host = { readonly cpu?: number; readonly memory?: number; readonly attributes?: Attribute[] };

/** A cluster of its own with these hosts. Returns the ARNs of the instances. */
async function clusterOf(clusterName: string, hosts: readonly Host[]): Promise<string[]> {
  await world.ecs.createCluster({ clusterName });
  const arns: string[] = [];
  for (const { cpu = 1_024, memory = 1_024, attributes = [] } of hosts) {
    const { containerInstance } = await world.ecs.registerContainerInstance({
      cluster: clusterName,
      totalResources: resources(cpu, memory),
      attributes,
    });
    arns.push(must(containerInstance?.containerInstanceArn, "the ARN of the instance"));
  }
  return arns;
}

const inZone = (zone: string): Host => ({ attributes: [{ name: "ecs.availability-zone", value: zone }] });
const memberOf = (expression: string): PlacementConstraint => ({ type: "memberOf", expression });
const distinct: PlacementConstraint = { type: "distinctInstance" };
const spread = (field: string): PlacementStrategy => ({ type: "spread", field });
const binpack = (field: string): PlacementStrategy => ({ type: "binpack", field });

/** Runs tasks, of `small` by default. Returns how many went to each of `instances`, and the failures. */
async function run(
  instances: readonly string[],
  request: Partial<RunTaskCommandInput>,
): Promise<{ counts: number[]; failures: Failure[] }> {
  const cluster = must(instances[0], "an instance").split("/")[1] ?? "";
  const { tasks = [], failures = [] } = await world.ecs.runTask({ cluster, taskDefinition: "small", ...request });
  const counts = instances.map(
    (arn) => tasks.filter(({ containerInstanceArn }) => containerInstanceArn === arn).length,
  );
  return { counts, failures };
}

describe("strategies", () => {
  test("spread over zones, then over instances", async () => {
    const instances = await clusterOf("spread", [inZone("a"), inZone("a"), inZone("b"), inZone("c")]);
    const placementStrategy = [spread("attribute:ecs.availability-zone"), spread("host")];
    const { counts } = await run(instances, { count: 6, placementStrategy });
    assert.deepEqual(counts, [1, 1, 2, 2]);
  });

  test("spread over instances counts the tasks of the group", async () => {
    const instances = await clusterOf("spread-hosts", [{}, {}, {}]);
    const request = { count: 3, placementStrategy: [spread("instanceId")] };
    assert.deepEqual((await run(instances, request)).counts, [1, 1, 1]);
    assert.deepEqual((await run(instances, request)).counts, [1, 1, 1]);
    assert.deepEqual((await run(instances, { ...request, group: "other" })).counts, [1, 1, 1]);
  });

  test("binpack fills what has least left; fields may be in any case", async () => {
    const instances = await clusterOf("binpack", [{ memory: 4_096 }, { memory: 300 }, { memory: 600 }]);
    const { counts } = await run(instances, { count: 7, placementStrategy: [binpack("MEMORY")] });
    assert.deepEqual(counts, [1, 2, 4]);
    const byCpu = await clusterOf("binpack-cpu", [{ cpu: 900 }, { cpu: 128 }, { cpu: 256 }]);
    assert.deepEqual((await run(byCpu, { count: 4, placementStrategy: [binpack("cpu")] })).counts, [1, 1, 2]);
  });

  test("without one, and with random, tasks go anywhere", async () => {
    const instances = await clusterOf("random", [{}, {}]);
    for (const placementStrategy of [[], [{ type: "random" }] satisfies PlacementStrategy[]]) {
      const { counts, failures } = await run(instances, { count: 5, placementStrategy });
      assert.equal((counts[0] ?? 0) + (counts[1] ?? 0), 5);
      assert.deepEqual(failures, []);
    }
  });
});

describe("constraints", () => {
  test("distinctInstance: one task of the group on each instance, and a failure for the rest", async () => {
    const instances = await clusterOf("distinct", [{}, {}]);
    const { counts, failures } = await run(instances, { count: 3, placementConstraints: [distinct] });
    assert.deepEqual(counts, [1, 1]);
    assert.deepEqual(
      failures.map(({ reason }) => reason),
      ["DistinctInstance placement constraint unsatisfied."],
    );
    assert.ok(instances.includes(failures[0]?.arn ?? ""));
    assert.match(failures[0]?.detail ?? "", /family:small/);
    const more = await run(instances, { count: 2, group: "batch", placementConstraints: [distinct] });
    assert.deepEqual(more.counts, [1, 1]);
  });

  test("memberOf by user-defined attributes, with their values when the task is placed", async () => {
    const instances = await clusterOf("members", [{ attributes: [{ name: "stack", value: "prod" }] }, {}]);
    const request = { count: 4, placementConstraints: [memberOf("attribute:stack == prod")] };
    assert.deepEqual((await run(instances, request)).counts, [4, 0]);
    await world.ecs.deleteAttributes({ cluster: "members", attributes: [{ name: "stack", targetId: instances[0] }] });
    await world.ecs.putAttributes({
      cluster: "members",
      attributes: [{ name: "stack", value: "prod", targetId: instances[1] }],
    });
    assert.deepEqual((await run(instances, request)).counts, [0, 4]);
  });

  test("memberOf by task:group brings tasks together and keeps them apart", async () => {
    const instances = await clusterOf("groups", [{}, {}]);
    const { counts: databases } = await run(instances, { group: "database" });
    const near = await run(instances, { count: 3, placementConstraints: [memberOf("task:group == database")] });
    const apart = await run(instances, { count: 3, placementConstraints: [memberOf("not(task:group == database)")] });
    assert.deepEqual(
      near.counts,
      databases.map((count) => 3 * count),
    );
    assert.deepEqual(
      apart.counts,
      databases.map((count) => 3 * (1 - count)),
    );
  });

  test("those of a task definition apply to RunTask and to the instances that StartTask names", async () => {
    const instances = await clusterOf("defined", [
      { attributes: [{ name: "disk", value: "ssd" }] },
      { attributes: [{ name: "disk", value: "hdd" }] },
    ]);
    const { taskDefinition } = await world.ecs.registerTaskDefinition({
      family: "fast-disk",
      containerDefinitions: [{ name: "main", image: "nginx", memory: 64 }],
      placementConstraints: [memberOf("attribute:disk in [ssd, nvme]") as { type: "memberOf"; expression: string }],
    });
    assert.deepEqual(taskDefinition?.placementConstraints, [memberOf("attribute:disk in [ssd, nvme]")]);
    assert.deepEqual((await run(instances, { count: 4, taskDefinition: "fast-disk" })).counts, [4, 0]);
    const started = await world.ecs.startTask({
      cluster: "defined",
      taskDefinition: "fast-disk",
      containerInstances: instances,
    });
    assert.deepEqual(
      started.tasks?.map(({ containerInstanceArn }) => containerInstanceArn),
      [instances[0]],
    );
    assert.deepEqual(
      started.failures?.map(({ arn, reason }) => [arn, reason]),
      [[instances[1], "MemberOf placement constraint unsatisfied."]],
    );
    assert.match(started.failures?.[0]?.detail ?? "", /disk/);
  });

  test("failures name for each reason the closest instance, and how much it lacks", async () => {
    const instances = await clusterOf("failures", [
      { cpu: 100 },
      { cpu: 120 },
      { memory: 100 },
      { attributes: [{ name: "stack", value: "test" }] },
    ]);
    const { counts, failures } = await run(instances, {
      placementConstraints: [memberOf("attribute:stack != test or attribute:stack !exists")],
    });
    assert.deepEqual(counts, [0, 0, 0, 0]);
    const found = new Map(failures.map(({ reason, arn, detail }) => [reason, [arn, detail]]));
    assert.deepEqual(found.get("RESOURCE:CPU"), [instances[1], "Needs 128 CPU units, 120 are left."]);
    assert.deepEqual(found.get("RESOURCE:MEMORY"), [instances[2], "Needs 128 MiB of memory, 100 are left."]);
    assert.equal(found.get("MemberOf placement constraint unsatisfied.")?.[0], instances[3]);
    assert.equal(failures.length, 3);
  });
});

describe("bad input", () => {
  before(() => clusterOf("bad", [{}]));
  const refused: readonly [string, string | RegExp, Partial<RunTaskCommandInput>][] = [
    [
      "a distinctInstance with an expression",
      "distinctInstance expression should not be specified.",
      { placementConstraints: [{ ...distinct, expression: "" }] },
    ],
    [
      "a memberOf without one",
      "memberOf expression should not be null or empty.",
      { placementConstraints: [{ type: "memberOf" }] },
    ],
    [
      "an invalid expression, with the character",
      /^Invalid placement constraint expression: .*\(character \d+\)$/,
      { placementConstraints: [memberOf("attribute:stack = prod")] },
    ],
    [
      "another type of constraint",
      "placement constraint type should be one of [distinctInstance,memberOf]",
      { placementConstraints: [{ type: "near" as "memberOf" }] },
    ],
    [
      "eleven constraints",
      "A task can have at most 10 placement constraints, including those of its task definition.",
      { placementConstraints: Array.from({ length: 11 }, () => distinct) },
    ],
    [
      "six strategies",
      "Maximum number of strategies is 5.",
      { placementStrategy: Array.from({ length: 6 }, () => ({ type: "random" as const })) },
    ],
    [
      "a spread over something that is not an attribute",
      "spread field 'memory' is invalid.",
      { placementStrategy: [spread("memory")] },
    ],
    [
      "a binpack of something else",
      "binpack field 'instanceId' is invalid.",
      { placementStrategy: [binpack("instanceId")] },
    ],
    [
      "a random with a field",
      "random field should not be specified.",
      { placementStrategy: [{ type: "random", field: "cpu" }] },
    ],
    [
      "another type of strategy",
      "placement strategy type should be one of [random,spread,binpack]",
      { placementStrategy: [{ type: "stack" as "spread", field: "cpu" }] },
    ],
  ];
  for (const [says, text, request] of refused) {
    test(`RunTask refuses ${says}`, async () => {
      const call = world.ecs.runTask({ cluster: "bad", taskDefinition: "small", ...request });
      await expectRefused(call, "InvalidParameterException", text);
    });
  }

  test("RegisterTaskDefinition refuses distinctInstance, and an invalid expression", async () => {
    const register = (constraint: object) =>
      world.ecs.registerTaskDefinition({
        family: "bad",
        containerDefinitions: [{ name: "main", image: "nginx", memory: 64 }],
        placementConstraints: [constraint as { type: "memberOf" }],
      });
    const text = "constraint.type 'distinctInstance' is not supported.";
    await expectRefused(register(distinct), "ClientException", text);
    await expectRefused(register(memberOf("stack")), "ClientException", /^Invalid placement constraint expression: /);
  });

  test("a client token with another placement is a conflict", async () => {
    const instances = await clusterOf("token", [{}, {}]);
    const request = { clientToken: "once", placementStrategy: [spread("instanceId")] };
    await run(instances, request);
    await run(instances, request);
    const { taskArns } = await world.ecs.listTasks({ cluster: "token" });
    assert.equal(taskArns?.length, 1);
    await expectRefused(run(instances, { ...request, placementConstraints: [distinct] }), "ConflictException");
  });
});

describe("BerthV1.ExplainPlacement", () => {
  const explain = async (request: object) =>
    (await berth.call("ExplainPlacement", request, "BerthV1")) as ExplainPlacementReply;

  test("shows where tasks would go and what the others lack, and starts none", async () => {
    const [roomy, small, far] = await clusterOf("explained", [
      { cpu: 300 },
      { cpu: 100 },
      { attributes: [{ name: "stack", value: "test" }] },
    ]);
    const reply = await explain({
      cluster: "explained",
      taskDefinition: "small",
      count: 4,
      placementConstraints: [memberOf("attribute:stack !exists")],
    });
    assert.match(reply.taskDefinition, /task-definition\/small:1$/);
    assert.deepEqual([reply.placedCount, reply.unplacedCount], [2, 2]);
    assert.deepEqual(
      reply.placements.map(({ containerInstanceArn, count }) => [containerInstanceArn, count]),
      [[roomy, 2]],
    );
    const reasons = new Map(reply.refusals.map((refusal) => [refusal.containerInstanceArn, refusal.reasons]));
    assert.deepEqual(reasons.get(small ?? ""), [
      { reason: "RESOURCE:CPU", detail: "Needs 128 CPU units, 100 are left.", missing: 28 },
    ]);
    assert.equal(reasons.get(roomy ?? "")?.[0]?.missing, 84);
    assert.equal(reasons.get(far ?? "")?.[0]?.reason, "MemberOf placement constraint unsatisfied.");
    assert.deepEqual(reply.summary, [
      { reason: "RESOURCE:CPU", count: 2 },
      { reason: "MemberOf placement constraint unsatisfied.", count: 1 },
    ]);
    const { containerInstanceArn, reason } = must(reply.closest, "the instance that comes closest");
    assert.deepEqual([containerInstanceArn, reason], [far, "MemberOf placement constraint unsatisfied."]);
    const { taskArns } = await world.ecs.listTasks({ cluster: "explained" });
    assert.deepEqual(taskArns, []);
  });

  test("refuses what RunTask refuses", async () => {
    const call = explain({ cluster: "explained", taskDefinition: "small", placementStrategy: [binpack("disk")] });
    await assert.rejects(call, { code: "InvalidParameterException", message: /binpack field .* is invalid/ });
    const unknown = explain({ cluster: "nowhere", taskDefinition: "small" });
    await assert.rejects(unknown, { code: "ClusterNotFoundException" });
  });
});
