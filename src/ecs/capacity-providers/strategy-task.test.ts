import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { CapacityProviderStrategy } from "../documents/capacity-provider.ts";
import { distribute } from "../launch/distribute.ts";
import { aCluster, aDefinition, fargateDefinition, inSubnet } from "../small-world.ts";

const strategyOf = (fargate: [number, number], spot: [number, number]): CapacityProviderStrategy => [
  { capacityProvider: "FARGATE", weight: fargate[0], base: fargate[1] },
  { capacityProvider: "FARGATE_SPOT", weight: spot[0], base: spot[1] },
];
const counts = (strategy: CapacityProviderStrategy, count: number): [number, number] => {
  const given = distribute(strategy, count);
  const fargate = given.filter((name) => name === "FARGATE").length;
  return [fargate, given.length - fargate];
};

test("the base comes first, then the weights", () => {
  assert.deepEqual(counts(strategyOf([1, 0], [4, 0]), 10), [2, 8]);
  assert.deepEqual(counts(strategyOf([1, 0], [1, 0]), 1), [1, 0]);
  assert.deepEqual(counts(strategyOf([0, 3], [1, 0]), 10), [3, 7]);
  assert.deepEqual(counts(strategyOf([0, 3], [1, 0]), 2), [2, 0]);
  assert.deepEqual(counts(strategyOf([0, 0], [7, 0]), 10), [0, 10]);
  assert.deepEqual(counts(strategyOf([1, 2], [3, 0]), 10), [4, 6]);
});

test("each provider has its share to within one task, for any number of tasks", () => {
  const weight = fc.integer({ min: 1, max: 1_000 });
  fc.assert(
    fc.property(weight, weight, fc.integer({ min: 0, max: 50 }), (a, b, count) => {
      const [fargate, spot] = counts(strategyOf([a, 0], [b, 0]), count);
      assert.equal(fargate + spot, count);
      assert.ok(Math.abs(fargate - (count * a) / (a + b)) <= 1);
    }),
  );
});

test("RunTask uses a strategy, the cluster's default one, or a launch type instead", () => {
  const world = aCluster();
  world.cluster = { ...world.cluster, capacityProviders: ["FARGATE", "FARGATE_SPOT"] };
  const weights = [
    { capacityProvider: "FARGATE", base: 1, weight: 1 },
    { capacityProvider: "FARGATE_SPOT", weight: 3 },
  ];
  const names = (request: object) =>
    world.runTasks(fargateDefinition(), { ...inSubnet, ...request }).map((task) => {
      assert.equal(task.launchType, "FARGATE");
      return task.capacityProviderName;
    });
  const shares = ["FARGATE", "FARGATE_SPOT", "FARGATE_SPOT", "FARGATE"];
  assert.deepEqual(names({ capacityProviderStrategy: weights, count: 4 }).sort(), shares.sort());
  world.cluster = {
    ...world.cluster,
    defaultCapacityProviderStrategy: [{ capacityProvider: "FARGATE_SPOT", weight: 1, base: 0 }],
  };
  assert.deepEqual(names({}), ["FARGATE_SPOT"]);
  assert.deepEqual(names({ launchType: "FARGATE" }), [null]);
  const detail = world.events.at(-2)?.detail as Record<string, unknown>;
  assert.equal(detail.capacityProviderName, "FARGATE_SPOT");
  world.withInstances(1);
  assert.equal(world.runTask(aDefinition(), { launchType: "EC2" }).launchType, "EC2");
  world.refused(
    "InvalidParameterException",
    "Task definition does not support launch_type FARGATE.",
    "RunTask",
    {},
    aDefinition(),
  );
});

test("unusable strategies are refused", () => {
  const world = aCluster();
  world.cluster = { ...world.cluster, capacityProviders: ["FARGATE"] };
  const [fargate, spot] = [
    { capacityProvider: "FARGATE", weight: 1 },
    { capacityProvider: "FARGATE_SPOT", weight: 1 },
  ];
  const notAssociated = /cannot contain a capacity provider that is not associated with the cluster\. Associate/;
  for (const [text, capacityProviderStrategy] of [
    [notAssociated, [spot]],
    [notAssociated, [{ capacityProvider: "mine", weight: 1 }]],
    [/capacityProvider can not be empty/, [{}]],
    [/twice/, [fargate, fargate]],
    [/weight of a capacity provider must be between 0 and 1000/, [{ ...fargate, weight: 1_001 }]],
    [/base of a capacity provider must be between 0 and 100000/, [{ ...fargate, base: -1 }]],
    [
      /no capacity providers in the capacity provider strategy with a weight value greater than zero/,
      [{ ...fargate, weight: 0, base: 1 }],
    ],
    [/at most 20 items/, Array(21).fill(fargate)],
  ] as const) {
    world.refused(
      "InvalidParameterException",
      text,
      "RunTask",
      { ...inSubnet, capacityProviderStrategy },
      fargateDefinition(),
    );
  }
  const both = { ...inSubnet, launchType: "FARGATE", capacityProviderStrategy: [fargate] };
  world.refused(
    "InvalidParameterException",
    /^Specifying both a launch type and capacity provider strategy/,
    "RunTask",
    both,
    fargateDefinition(),
  );
  world.cluster = {
    ...world.cluster,
    defaultCapacityProviderStrategy: [{ capacityProvider: "FARGATE", weight: 0, base: 0 }],
  };
  world.refused(
    "InvalidParameterException",
    /in the default capacity provider strategy/,
    "RunTask",
    inSubnet,
    fargateDefinition(),
  );
});
