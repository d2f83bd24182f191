import assert from "node:assert/strict";
import { test } from "node:test";
import { limits } from "../limits.ts";
import { SmallAccount } from "../small-account.ts";
import { ecsTimeline } from "../timeline.ts";

type Shown = Record<string, unknown>;
type One = { readonly capacityProvider: Shown };
type Many = { readonly capacityProviders: readonly Shown[]; readonly failures: readonly Shown[] };
const arn = (name: string) => `${SmallAccount.arn}capacity-provider/${name}`;
const group = (autoScalingGroupArn: string, more: object = {}) => ({
  autoScalingGroupProvider: { autoScalingGroupArn, ...more },
});
const off = {
  status: "DISABLED",
  targetCapacity: null,
  minimumScalingStepSize: null,
  maximumScalingStepSize: null,
  instanceWarmupPeriod: null,
};

/** An account with the providers `racks` and `spare`. */
function anAccount(): SmallAccount {
  const account = new SmallAccount();
  account.call("CreateCapacityProvider", { name: "racks", ...group("asg-1") });
  account.call("CreateCapacityProvider", { name: "spare", ...group("asg-2") });
  return account;
}

const described = (account: SmallAccount, request: object = {}): Many =>
  account.call<Many>("DescribeCapacityProviders", request);
const names = (account: SmallAccount, request: object = {}) =>
  described(account, request).capacityProviders.map(({ name }) => name);

test("a provider is shown as created, with tags on request, and survives a restart", () => {
  const account = new SmallAccount();
  const tags = [{ key: "team", value: "web" }];
  const made = account.call<One>("CreateCapacityProvider", { name: "racks", ...group("asg-1"), tags }).capacityProvider;
  assert.deepEqual(made, {
    capacityProviderArn: arn("racks"),
    name: "racks",
    status: "ACTIVE",
    autoScalingGroupProvider: {
      autoScalingGroupArn: "asg-1",
      managedScaling: off,
      managedTerminationProtection: "DISABLED",
      managedDraining: "DISABLED",
    },
    updateStatus: null,
    updateStatusReason: null,
    tags,
    type: "EC2_AUTOSCALING",
  });
  account.restart();
  assert.deepEqual(names(account), ["FARGATE", "FARGATE_SPOT", "racks"]);
  assert.deepEqual(described(account, { capacityProviders: [arn("racks")] }).capacityProviders, [
    { ...made, tags: [] },
  ]);
  assert.deepEqual(described(account, { capacityProviders: ["racks"], include: ["TAGS"] }).capacityProviders, [made]);
});

test("bad names, bad settings and unsupported features are refused; nothing is left behind", () => {
  const account = anAccount();
  const scaling = (managedScaling: object) => ({ name: "new", ...group("asg-3", { managedScaling }) });
  for (const [request, refusal] of [
    [{}, /^InvalidParameterException: The specified capacity provider name is invalid/],
    [{ name: "a b", ...group("asg-3") }, /^InvalidParameterException/],
    [{ name: "x".repeat(256), ...group("asg-3") }, /^InvalidParameterException/],
    [{ name: "awsome", ...group("asg-3") }, /cannot be prefixed with "aws", "ecs", or "fargate"/],
    [{ name: "ECS-racks", ...group("asg-3") }, /cannot be prefixed/],
    [{ name: "fargate2", ...group("asg-3") }, /cannot be prefixed/],
    [{ name: "new" }, /^InvalidParameterException: autoScalingGroupProvider can not be null/],
    [{ name: "new", autoScalingGroupProvider: {} }, /autoScalingGroupArn can not be empty/],
    [{ name: "new", ...group("a\nb") }, /^InvalidParameterException: The specified Auto Scaling group ARN is invalid/],
    [{ name: "new", ...group("a".repeat(1_601)) }, /group ARN is invalid/],
    [{ name: "racks", ...group("asg-3") }, /^ClientException: The specified capacity provider already exists\. To/],
    [{ name: "new", ...group("asg-1") }, /^ClientException: .*already being used by another capacity provider/],
    [{ name: "new", managedInstancesProvider: {} }, /^UnsupportedFeatureException: Berth has no Managed Instances/],
    [{ name: "new", ...group("asg-3"), cluster: "lab" }, /^UnsupportedFeatureException/],
    [scaling({ status: "ENABLED" }), /^UnsupportedFeatureException: .*leave managedScaling\.status out/],
    [scaling({ status: "ON" }), /^InvalidParameterException: managedScaling\.status should be one of/],
    [
      scaling({ targetCapacity: 0 }),
      /^InvalidParameterException: managedScaling\.targetCapacity must be between 1 and 100/,
    ],
    [scaling({ instanceWarmupPeriod: 10_001 }), /instanceWarmupPeriod must be between 0 and 10000/],
    [{ name: "new", ...group("asg-3", { managedTerminationProtection: "ENABLED" }) }, /^UnsupportedFeatureException/],
    [{ name: "new", ...group("asg-3", { managedDraining: "ENABLED" }) }, /^UnsupportedFeatureException/],
    [
      { name: "new", ...group("asg-3", { managedDraining: "yes" }) },
      /^InvalidParameterException: managedDraining should/,
    ],
  ] as const) {
    assert.match(account.refusal("CreateCapacityProvider", request), refusal);
  }
  assert.deepEqual(names(account), ["FARGATE", "FARGATE_SPOT", "racks", "spare"]);
});

test("an account has 10,000 providers at most", () => {
  const account = new SmallAccount();
  for (let i = 0; i < limits.capacityProviders; i++) {
    account.machine.load("capacity-provider", `p${i}`, {
      name: `p${i}`,
      status: "ACTIVE",
      autoScalingGroupArn: `g${i}`,
      tags: [],
      createdAt: 1,
      deletedAt: null,
    });
  }
  assert.match(account.refusal("CreateCapacityProvider", { name: "new", ...group("asg") }), /^LimitExceededException/);
});

test("UpdateCapacityProvider changes what it names; Fargate and unknown providers are refused", () => {
  const account = anAccount();
  const update = (managedScaling: object) =>
    account.call<One>("UpdateCapacityProvider", { name: "racks", autoScalingGroupProvider: { managedScaling } })
      .capacityProvider;
  assert.deepEqual(update({ status: "DISABLED", targetCapacity: 90 }).autoScalingGroupProvider, {
    autoScalingGroupArn: "asg-1",
    managedScaling: { ...off, targetCapacity: 90 },
    managedTerminationProtection: "DISABLED",
    managedDraining: "DISABLED",
  });
  const again = update({ maximumScalingStepSize: 5 });
  assert.equal(again.updateStatus, "UPDATE_COMPLETE");
  assert.deepEqual((again.autoScalingGroupProvider as Shown).managedScaling, {
    ...off,
    targetCapacity: 90,
    maximumScalingStepSize: 5,
  });
  for (const [request, refusal] of [
    [{}, /^InvalidParameterException: The capacity provider's name can not be empty/],
    [
      { name: "none", autoScalingGroupProvider: {} },
      /^ClientException: The specified capacity provider does not exist\./,
    ],
    [{ name: "FARGATE", autoScalingGroupProvider: {} }, /^InvalidParameterException: .*FARGATE is reserved/],
    [{ name: "racks" }, /^InvalidParameterException: autoScalingGroupProvider can not be null/],
    [{ name: "racks", managedInstancesProvider: {} }, /^UnsupportedFeatureException/],
    [
      { name: "racks", autoScalingGroupProvider: { managedScaling: { status: "ENABLED" } } },
      /^UnsupportedFeatureException/,
    ],
  ] as const) {
    assert.match(account.refusal("UpdateCapacityProvider", request), refusal);
  }
});

test("a provider that a cluster uses stays ACTIVE with DELETE_FAILED; once unused it becomes INACTIVE for a while", () => {
  const account = anAccount();
  account.call("CreateCluster", { clusterName: "lab", capacityProviders: ["racks", "FARGATE"] });
  const remove = (reference: string) =>
    account.call<One>("DeleteCapacityProvider", { capacityProvider: reference }).capacityProvider;
  const kept = remove("racks");
  assert.deepEqual([kept.status, kept.updateStatus], ["ACTIVE", "DELETE_FAILED"]);
  assert.equal(
    kept.updateStatusReason,
    "The capacity provider cannot be deleted because it is associated with cluster: lab. Remove the capacity provider from the cluster and try again.",
  );
  account.call("PutClusterCapacityProviders", {
    cluster: "lab",
    capacityProviders: [],
    defaultCapacityProviderStrategy: [],
  });
  const gone = remove(arn("racks"));
  assert.deepEqual([gone.status, gone.updateStatus, gone.updateStatusReason], ["INACTIVE", "DELETE_COMPLETE", null]);
  assert.deepEqual(names(account), ["FARGATE", "FARGATE_SPOT", "racks", "spare"]);
  const doesNotExist =
    "ClientException: The specified capacity provider does not exist. Specify a valid name or ARN and try again.";
  assert.equal(account.refusal("DeleteCapacityProvider", { capacityProvider: "racks" }), doesNotExist);
  assert.match(
    account.refusal("CreateCluster", { clusterName: "other", capacityProviders: ["racks"] }),
    /^InvalidParameterException: The specified capacity provider 'racks' was not found/,
  );
  account.restart();
  account.now += ecsTimeline.inactiveClusterRetentionMs;
  assert.equal(account.machine.nextDueAt(), account.now);
  account.step({ type: "timer" });
  assert.deepEqual(names(account), ["FARGATE", "FARGATE_SPOT", "spare"]);
  assert.match(account.refusal("DeleteCapacityProvider", { capacityProvider: "FARGATE_SPOT" }), /is reserved/);
  assert.match(account.refusal("DeleteCapacityProvider", {}), /can not be empty/);
});

test("an INACTIVE provider's name and group are free at once, and a new provider isn't forgotten with it", () => {
  const account = anAccount();
  account.call("DeleteCapacityProvider", { capacityProvider: "racks" });
  account.call("CreateCapacityProvider", { name: "racks", ...group("asg-1") });
  account.now += ecsTimeline.inactiveClusterRetentionMs;
  account.step({ type: "timer" });
  assert.deepEqual(names(account), ["FARGATE", "FARGATE_SPOT", "racks", "spare"]);
});

test("DescribeCapacityProviders with a cluster shows the cluster's providers", () => {
  const account = anAccount();
  account.call("CreateCluster", { clusterName: "lab", capacityProviders: ["spare", "FARGATE"] });
  assert.deepEqual(names(account, { cluster: "lab" }), ["FARGATE", "spare"]);
  const { capacityProviders, failures } = described(account, { cluster: "lab", capacityProviders: ["spare", "racks"] });
  assert.deepEqual([capacityProviders.length, failures], [1, [{ arn: arn("racks"), reason: "MISSING" }]]);
  assert.match(account.refusal("DescribeCapacityProviders", { cluster: "none" }), /^ClusterNotFoundException/);
});

test("a provider is tagged, listed and untagged by its ARN", () => {
  const account = anAccount();
  const resourceArn = arn("racks");
  const tags = [{ key: "team", value: "web" }];
  account.call("TagResource", { resourceArn, tags });
  assert.deepEqual(account.call("ListTagsForResource", { resourceArn }), { tags });
  account.call("UntagResource", { resourceArn, tagKeys: ["team"] });
  assert.deepEqual(account.call("ListTagsForResource", { resourceArn }), { tags: [] });
  assert.match(
    account.refusal("TagResource", { resourceArn: arn("none"), tags }),
    /^ClientException: .*does not exist/,
  );
  assert.match(account.refusal("TagResource", { resourceArn: arn("FARGATE"), tags }), /reserved and cannot be tagged/);
});

test("a strategy uses Fargate providers or others, never both, and only the cluster's", () => {
  const account = anAccount();
  account.call("CreateCluster", { clusterName: "lab", capacityProviders: ["racks", "FARGATE"] });
  const put = (...strategy: readonly string[]) => ({
    cluster: "lab",
    capacityProviders: ["racks", "FARGATE"],
    defaultCapacityProviderStrategy: strategy.map((capacityProvider) => ({ capacityProvider, weight: 1 })),
  });
  assert.equal(
    account.refusal("PutClusterCapacityProviders", put("racks", "FARGATE")),
    "InvalidParameterException: A capacity provider strategy cannot contain a mix of capacity providers using Auto Scaling groups and Fargate providers. Specify one or the other and try again.",
  );
  assert.match(account.refusal("PutClusterCapacityProviders", put("spare")), /not associated with the cluster/);
  assert.equal(account.refusal("PutClusterCapacityProviders", put(arn("racks"))), "accepted");
});
