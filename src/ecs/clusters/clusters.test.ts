import assert from "node:assert/strict";
import { test } from "node:test";
import type { Cluster, ClusterCounts } from "../documents/cluster.ts";
import { limits } from "../limits.ts";
import { SmallAccount } from "../small-account.ts";
import { ecsTimeline } from "../timeline.ts";

type Shown = Record<string, unknown> & { clusterArn: string; status: string };
type Described = { clusters: Shown[]; failures: object[] };

const insights = (value: string) => [{ name: "containerInsights", value }];
const counts: ClusterCounts = {
  registeredContainerInstances: 2,
  runningTasks: 4,
  pendingTasks: 1,
  activeServices: 3,
  runningTasksByLaunchType: { EC2: 3, EXTERNAL: 1 },
  pendingTasksByLaunchType: { FARGATE: 1 },
  activeServicesByLaunchType: { EC2: 2, FARGATE: 1 },
  drainingServicesByLaunchType: { EC2: 1 },
  capacityProvidersInUse: [],
};

function close(account: SmallAccount, name: string): { cluster: Shown } {
  const { incarnation } = account.ask<Cluster>({ type: "resolve-cluster", reference: name });
  return account.ask({ type: "cluster-closed", name, incarnation });
}

test("CreateCluster shows the new cluster, `default` without a name", () => {
  const account = new SmallAccount();
  const { cluster } = account.call<{ cluster: Shown }>("CreateCluster", { tags: [{ key: "team", value: "a" }] });
  assert.deepEqual(cluster, {
    clusterArn: `${SmallAccount.arn}cluster/default`,
    clusterName: "default",
    status: "ACTIVE",
    registeredContainerInstancesCount: 0,
    runningTasksCount: 0,
    pendingTasksCount: 0,
    activeServicesCount: 0,
    statistics: [],
    tags: [{ key: "team", value: "a" }],
    settings: insights("disabled"),
    configuration: null,
    capacityProviders: [],
    defaultCapacityProviderStrategy: [],
    attachments: [],
    serviceConnectDefaults: null,
  });
});

test("CreateCluster of an ACTIVE name shows it unchanged, with its counts", () => {
  const account = new SmallAccount();
  account.call("CreateCluster", { clusterName: "lab" });
  account.counts = new Map([["lab", counts]]);
  const again = { clusterName: "lab", settings: insights("enabled"), tags: [{ key: "a", value: "b" }] };
  const { cluster } = account.call<{ cluster: Shown }>("CreateCluster", again);
  assert.deepEqual(cluster.settings, insights("disabled"));
  assert.deepEqual(cluster.tags, []);
  assert.deepEqual([cluster.runningTasksCount, cluster.activeServicesCount], [4, 3]);
});

test("a new cluster's Container Insights come from its creator's account setting", () => {
  const account = new SmallAccount();
  account.call("PutAccountSettingDefault", { name: "containerInsights", value: "enhanced" });
  const insightsOf = (clusterName: string, more: object = {}) =>
    account.call<{ cluster: Shown }>("CreateCluster", { clusterName, ...more }).cluster.settings;
  assert.deepEqual(insightsOf("a"), insights("enhanced"));
  assert.deepEqual(insightsOf("b", { settings: insights("enabled") }), insights("enabled"));
  account.call("PutAccountSetting", { name: "containerInsights", value: "disabled" });
  assert.deepEqual(insightsOf("c"), insights("disabled"));
  assert.deepEqual(account.ask<Cluster>({ type: "create-default-cluster" }).settings, insights("enhanced"));
});

test("CreateCluster refuses bad names, settings and configurations, and unsupported features", () => {
  const account = new SmallAccount();
  for (const request of [
    { clusterName: "a b" },
    { clusterName: "x".repeat(256) },
    { clusterName: "a/b" },
    { settings: [{ name: "other", value: "enabled" }] },
    { settings: insights("on") },
    { settings: [...insights("enabled"), ...insights("enabled")] },
    { configuration: { executeCommandConfiguration: { logging: "SOME" } } },
    { configuration: { executeCommandConfiguration: { logging: "OVERRIDE" } } },
    { configuration: { executeCommandConfiguration: { logging: "NONE", logConfiguration: {} } } },
    { tags: [{ key: "aws:x", value: "" }] },
  ]) {
    assert.match(account.refusal("CreateCluster", request), /^InvalidParameterException: /, JSON.stringify(request));
  }
  assert.match(account.refusal("CreateCluster", { capacityProviders: ["a"] }), /capacity provider 'a' was not found/);
  const strategy = [{ capacityProvider: "a" }];
  assert.match(
    account.refusal("CreateCluster", { defaultCapacityProviderStrategy: strategy }),
    /not associated with the cluster/,
  );
  assert.match(account.refusal("CreateCluster", { serviceConnectDefaults: { namespace: "a" } }), /no Service Connect/);
  assert.equal(account.refusal("CreateCluster", { clusterName: "x".repeat(255), capacityProviders: [] }), "accepted");
});

test("an account has at most 10,000 clusters, and deleting one makes room", () => {
  const account = new SmallAccount();
  const document = account.ask<Cluster>({ type: "create-default-cluster" });
  for (let i = 1; i < limits.clusters; i++) {
    account.machine.load("cluster", `c${i}`, { ...document, name: `c${i}` });
  }
  assert.match(account.refusal("CreateCluster", { clusterName: "more" }), /^ClientException: The limit of 10000/);
  close(account, "c7");
  assert.equal(account.refusal("CreateCluster", { clusterName: "more" }), "accepted");
});

test("DescribeClusters shows what `include` names", () => {
  const account = new SmallAccount();
  const configuration = { executeCommandConfiguration: { logging: "DEFAULT" } };
  account.call("CreateCluster", { clusterName: "lab", configuration, tags: [{ key: "a", value: "b" }] });
  account.counts = new Map([["lab", counts]]);
  const describe = (include?: string[]) =>
    account.call<Described>("DescribeClusters", { clusters: ["lab"], include }).clusters[0] as Shown;
  const plain = describe();
  assert.deepEqual(
    [plain.tags, plain.settings, plain.statistics, plain.attachments, plain.configuration],
    [[], [], [], [], null],
  );
  assert.deepEqual([plain.registeredContainerInstancesCount, plain.pendingTasksCount], [2, 1]);
  const full = describe(["ATTACHMENTS", "CONFIGURATIONS", "SETTINGS", "STATISTICS", "TAGS"]);
  assert.deepEqual(full.configuration, configuration);
  assert.deepEqual(full.settings, insights("disabled"));
  assert.deepEqual(full.tags, [{ key: "a", value: "b" }]);
  const statistics = new Map((full.statistics as { name: string; value: string }[]).map((s) => [s.name, s.value]));
  assert.equal(statistics.get("runningEC2TasksCount"), "3");
  assert.equal(statistics.get("pendingFargateTasksCount"), "1");
  assert.equal(statistics.get("runningExternalTasksCount"), "1");
  assert.equal(statistics.get("pendingEC2TasksCount"), "0");
  assert.equal(statistics.get("activeEC2ServiceCount"), "2");
  assert.equal(statistics.get("drainingEC2ServiceCount"), "1");
  assert.match(account.refusal("DescribeClusters", { include: ["SOME"] }), /^InvalidParameterException/);
});

test("DescribeClusters reports unknown ones missing with their ARN, describes `default` if none is named, and accepts 100 at most", () => {
  const account = new SmallAccount();
  assert.deepEqual(account.call("DescribeClusters", {}), {
    clusters: [],
    failures: [{ arn: `${SmallAccount.arn}cluster/default`, reason: "MISSING" }],
  });
  account.call("CreateCluster", { clusterName: "lab" });
  const clusters = [`${SmallAccount.arn}cluster/lab`, "none"];
  const described = account.call<Described>("DescribeClusters", { clusters });
  assert.deepEqual(
    described.clusters.map((cluster) => cluster.clusterArn),
    [`${SmallAccount.arn}cluster/lab`],
  );
  assert.deepEqual(described.failures, [{ arn: `${SmallAccount.arn}cluster/none`, reason: "MISSING" }]);
  const many = (count: number) => ({ clusters: Array.from({ length: count }, (_, i) => `c${i}`) });
  assert.equal(account.refusal("DescribeClusters", many(100)), "accepted");
  assert.equal(
    account.refusal("DescribeClusters", many(101)),
    "InvalidParameterException: clusters can have at most 100 items.",
  );
  for (const [reference, text] of [
    [`${SmallAccount.arn}task/lab/1`, "Unsupported resource type: task"],
    ["a b", "Cluster must match ^[a-zA-Z0-9\\-_]{1,255}$, but was a b"],
    ["arn:aws:s3:::b", "Invalid identifier: Identifier is not an Amazon ECS ARN."],
    ["arn:aws:ecs:us-east-1:111122223333:cluster/lab", "Invalid Region in ARN"],
  ] as const) {
    const told = account.refusal("DescribeClusters", { clusters: [reference] });
    assert.equal(told, `InvalidParameterException: ${text}`);
  }
});

test("ListClusters returns ACTIVE ones in pages sorted by name", () => {
  const account = new SmallAccount();
  for (const clusterName of ["c", "a", "B", "d"]) account.call("CreateCluster", { clusterName });
  close(account, "c");
  const first = account.call<{ clusterArns: string[]; nextToken: string }>("ListClusters", { maxResults: 2 });
  assert.deepEqual(first.clusterArns, [`${SmallAccount.arn}cluster/B`, `${SmallAccount.arn}cluster/a`]);
  assert.deepEqual(account.call("ListClusters", { nextToken: first.nextToken }), {
    clusterArns: [`${SmallAccount.arn}cluster/d`],
    nextToken: null,
  });
  assert.match(account.refusal("ListClusters", { maxResults: 101 }), /^InvalidParameterException/);
  assert.equal(account.refusal("ListClusters", { nextToken: "x" }), "InvalidParameterException: Invalid token.");
});

test("UpdateCluster and UpdateClusterSettings change what they name", () => {
  const account = new SmallAccount();
  account.call("CreateCluster", { clusterName: "lab", settings: insights("enabled") });
  account.counts = new Map([["lab", counts]]);
  const configuration = { executeCommandConfiguration: { logging: "NONE" } };
  const updated = account.call<{ cluster: Shown }>("UpdateCluster", { cluster: "lab", configuration }).cluster;
  assert.deepEqual(updated.configuration, configuration);
  assert.deepEqual(updated.settings, insights("enabled"));
  assert.equal(updated.runningTasksCount, 4);
  const settings = insights("enhanced");
  const again = account.call<{ cluster: Shown }>("UpdateClusterSettings", { cluster: "lab", settings }).cluster;
  assert.deepEqual(again.settings, settings);
  assert.deepEqual(again.configuration, configuration);
  assert.equal(
    account.refusal("UpdateClusterSettings", { cluster: "lab" }),
    "InvalidParameterException: settings can not be empty.",
  );
  for (const operation of ["UpdateCluster", "UpdateClusterSettings"]) {
    assert.equal(account.refusal(operation, {}), "InvalidParameterException: cluster can not be empty.");
    assert.equal(
      account.refusal(operation, { cluster: "x", settings }),
      "ClusterNotFoundException: Cluster not found.",
    );
    assert.match(account.refusal(operation, { cluster: "lab", settings: insights("x") }), /^InvalidParameterException/);
  }
  const serviceConnectDefaults = { namespace: "a" };
  assert.match(account.refusal("UpdateCluster", { cluster: "lab", serviceConnectDefaults }), /no Service Connect/);
});

test("a closed cluster is INACTIVE: it can be described, isn't listed, and is refused elsewhere", () => {
  const account = new SmallAccount();
  account.call("CreateCluster", { clusterName: "lab" });
  assert.equal(close(account, "lab").cluster.status, "INACTIVE");
  const described = account.call<Described>("DescribeClusters", { clusters: ["lab"] });
  assert.equal(described.clusters[0]?.status, "INACTIVE");
  assert.deepEqual(account.ask({ type: "cluster-names", references: ["lab"] }), []);
  assert.throws(() => account.ask({ type: "resolve-cluster", reference: "lab" }), {
    code: "ClusterNotFoundException",
    message: "The referenced cluster was inactive.",
  });
  assert.throws(() => account.ask({ type: "resolve-cluster", reference: undefined }), {
    code: "ClusterNotFoundException",
    message: "Cluster not found.",
  });
});

test("an INACTIVE name can be created again with the same ARN, as an empty new incarnation", () => {
  const account = new SmallAccount();
  account.call("CreateCluster", { clusterName: "lab", tags: [{ key: "a", value: "b" }] });
  close(account, "lab");
  account.call("CreateCluster", { clusterName: "lab" });
  const cluster = account.ask<Cluster>({ type: "resolve-cluster", reference: "lab" });
  assert.deepEqual([cluster.incarnation, cluster.tags, cluster.deletedAt], [2, [], null]);
  // Repeating the close of the first incarnation doesn't close the second.
  account.ask({ type: "cluster-closed", name: "lab", incarnation: 1 });
  assert.equal(account.ask<Cluster>({ type: "resolve-cluster", reference: "lab" }).status, "ACTIVE");
});

test("an INACTIVE cluster is forgotten after its retention; its name comes back with a higher incarnation", () => {
  const account = new SmallAccount();
  for (const clusterName of ["lab", "kept"]) {
    account.call("CreateCluster", { clusterName });
    close(account, clusterName);
  }
  account.call("CreateCluster", { clusterName: "kept" });
  const due = account.now + ecsTimeline.inactiveClusterRetentionMs;
  assert.equal(account.machine.nextDueAt(), due);
  account.restart();
  assert.equal(account.machine.nextDueAt(), due);
  account.now = due - 1;
  assert.deepEqual(account.step({ type: "timer" }).documents, []);
  account.now = due;
  account.step({ type: "timer" });
  assert.equal(account.machine.nextDueAt(), null);
  assert.equal(account.call<Described>("DescribeClusters", { clusters: ["lab"] }).failures.length, 1);
  assert.equal(account.ask<Cluster>({ type: "resolve-cluster", reference: "kept" }).incarnation, 2);
  account.restart();
  account.call("CreateCluster", { clusterName: "lab" });
  assert.equal(account.ask<Cluster>({ type: "resolve-cluster", reference: "lab" }).incarnation, 2);
});

test("the default cluster is created once, and again after it is deleted", () => {
  const account = new SmallAccount();
  const first = account.ask<Cluster>({ type: "create-default-cluster" });
  assert.deepEqual(account.step({ type: "create-default-cluster" }).documents, []);
  close(account, "default");
  const second = account.ask<Cluster>({ type: "create-default-cluster" });
  assert.deepEqual([first.incarnation, second.incarnation], [1, 2]);
});
