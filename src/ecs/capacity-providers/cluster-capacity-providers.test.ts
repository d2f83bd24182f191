import assert from "node:assert/strict";
import { test } from "node:test";
import { noCounts } from "../documents/cluster.ts";
import { SmallAccount } from "../small-account.ts";

type Shown = { readonly cluster: Record<string, unknown> };
const both = ["FARGATE", "FARGATE_SPOT"];
const put = (cluster: string, capacityProviders: readonly string[], strategy: readonly object[] = []) => ({
  cluster,
  capacityProviders,
  defaultCapacityProviderStrategy: strategy,
});

test("CreateCluster shows providers and default strategy, and PutClusterCapacityProviders replaces them", () => {
  const account = new SmallAccount();
  const created = account.call<Shown>("CreateCluster", {
    clusterName: "lab",
    capacityProviders: both,
    defaultCapacityProviderStrategy: [{ capacityProvider: "FARGATE_SPOT", weight: 2 }],
  }).cluster;
  assert.deepEqual(created.capacityProviders, both);
  const strategy = [{ capacityProvider: "FARGATE_SPOT", weight: 2, base: 0 }];
  assert.deepEqual(created.defaultCapacityProviderStrategy, strategy);
  account.restart();
  const arn = `${SmallAccount.arn}capacity-provider/FARGATE`;
  const changed = account.call<Shown>(
    "PutClusterCapacityProviders",
    put("lab", [arn], [{ capacityProvider: arn, base: 5 }]),
  );
  assert.deepEqual(changed.cluster.capacityProviders, ["FARGATE"]);
  const { clusters } = account.call<{ clusters: Record<string, unknown>[] }>("DescribeClusters", { clusters: ["lab"] });
  assert.deepEqual(clusters[0]?.defaultCapacityProviderStrategy, [{ capacityProvider: "FARGATE", weight: 0, base: 5 }]);
  const none = account.call<Shown>("PutClusterCapacityProviders", put("lab", [])).cluster;
  assert.deepEqual([none.capacityProviders, none.defaultCapacityProviderStrategy], [[], []]);
});

test("bad providers and strategies are refused", () => {
  const account = new SmallAccount();
  account.call("CreateCluster", { clusterName: "lab" });
  const item = { capacityProvider: "FARGATE", base: 1 };
  for (const [request, text] of [
    [put("lab", ["mine"]), /'mine' was not found/],
    [put("lab", Array(21).fill("FARGATE")), /maximum number of capacity providers per cluster has been exceeded/],
    [put("lab", [], [item]), /not associated with the cluster/],
    [
      put("lab", both, [item, { ...item, capacityProvider: "FARGATE_SPOT" }]),
      /multiple capacity providers with a base/,
    ],
    [{ cluster: "lab", capacityProviders: [] }, /defaultCapacityProviderStrategy can not be null/],
    [{ cluster: "lab", defaultCapacityProviderStrategy: [] }, /capacityProviders can not be null/],
    [{ capacityProviders: [], defaultCapacityProviderStrategy: [] }, /cluster can not be empty/],
  ] as const) {
    const refusal = account.refusal("PutClusterCapacityProviders", request);
    assert.match(refusal, /^InvalidParameterException: /);
    assert.match(refusal, text);
  }
  assert.match(account.refusal("PutClusterCapacityProviders", put("none", [])), /^ClusterNotFoundException/);
  assert.match(account.refusal("CreateCluster", { defaultCapacityProviderStrategy: [item] }), /not associated/);
});

test("a provider that tasks use can't be removed", () => {
  const account = new SmallAccount();
  account.call("CreateCluster", { clusterName: "lab", capacityProviders: both });
  account.counts = new Map([["lab", { ...noCounts, capacityProvidersInUse: ["FARGATE_SPOT"] }]]);
  assert.equal(
    account.refusal("PutClusterCapacityProviders", put("lab", ["FARGATE"])),
    "ResourceInUseException: The specified capacity provider is in use and cannot be removed.",
  );
  assert.equal(account.refusal("PutClusterCapacityProviders", put("lab", ["FARGATE_SPOT"])), "accepted");
});

test("DescribeCapacityProviders shows the two Fargate providers, in pages, by name and by ARN; others are missing", () => {
  const account = new SmallAccount();
  type Reply = { capacityProviders: Record<string, unknown>[]; failures: object[]; nextToken: string | null };
  const arn = (name: string) => `${SmallAccount.arn}capacity-provider/${name}`;
  const all = account.call<Reply>("DescribeCapacityProviders", {});
  assert.deepEqual(all.capacityProviders, [
    { capacityProviderArn: arn("FARGATE"), name: "FARGATE", status: "ACTIVE", type: "FARGATE", tags: [] },
    {
      capacityProviderArn: arn("FARGATE_SPOT"),
      name: "FARGATE_SPOT",
      status: "ACTIVE",
      type: "FARGATE_SPOT",
      tags: [],
    },
  ]);
  assert.deepEqual(
    account.call<Reply>("DescribeCapacityProviders", { capacityProviders: [arn("FARGATE_SPOT"), "mine", arn("x")] }),
    {
      capacityProviders: [all.capacityProviders[1]],
      failures: [
        { arn: arn("mine"), reason: "MISSING" },
        { arn: arn("x"), reason: "MISSING" },
      ],
      nextToken: null,
    },
  );
  const first = account.call<Reply>("DescribeCapacityProviders", { maxResults: 1 });
  assert.equal(first.capacityProviders[0]?.name, "FARGATE");
  const second = account.call<Reply>("DescribeCapacityProviders", { maxResults: 1, nextToken: first.nextToken });
  assert.deepEqual([second.capacityProviders[0]?.name, second.nextToken], ["FARGATE_SPOT", null]);
  for (const request of [{ maxResults: 11 }, { include: ["X"] }, { capacityProviders: Array(101).fill("a") }]) {
    assert.match(account.refusal("DescribeCapacityProviders", request), /^InvalidParameterException/);
  }
});

test("a cluster stored before capacity providers has none", () => {
  const account = new SmallAccount();
  account.machine.load("cluster", "lab", {
    name: "lab",
    arn: `${SmallAccount.arn}cluster/lab`,
    status: "ACTIVE",
    incarnation: 1,
    settings: [],
    configuration: null,
    serviceConnectDefaults: null,
    tags: [],
    createdAt: 1,
    deletedAt: null,
  });
  const { clusters } = account.call<{ clusters: Record<string, unknown>[] }>("DescribeClusters", { clusters: ["lab"] });
  assert.deepEqual([clusters[0]?.capacityProviders, clusters[0]?.defaultCapacityProviderStrategy], [[], []]);
  const changed = account.call<Shown>("PutClusterCapacityProviders", put("lab", both));
  assert.deepEqual(changed.cluster.capacityProviders, both);
});
