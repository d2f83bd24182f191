import assert from "node:assert/strict";
import { test } from "node:test";
import type { Cluster } from "../documents/cluster.ts";
import { SmallAccount } from "../small-account.ts";

const cluster = `${SmallAccount.arn}cluster/lab`;
const definition = `${SmallAccount.arn}task-definition/web:1`;

function account(): SmallAccount {
  const made = new SmallAccount();
  made.call("CreateCluster", { clusterName: "lab" });
  const containerDefinitions = [{ name: "a", image: "b", memory: 64 }];
  made.call("RegisterTaskDefinition", { family: "web", containerDefinitions });
  return made;
}

test("clusters and task definitions are tagged, listed and untagged", () => {
  const small = account();
  for (const resourceArn of [cluster, definition]) {
    const tags = () => small.call("ListTagsForResource", { resourceArn });
    assert.deepEqual(tags(), { tags: [] });
    const added = [
      { key: "a", value: "1" },
      { key: "b", value: "2" },
    ];
    assert.deepEqual(small.call("TagResource", { resourceArn, tags: added }), {});
    small.call("TagResource", { resourceArn, tags: [{ key: "a", value: "3" }] });
    assert.deepEqual(small.call("UntagResource", { resourceArn, tagKeys: ["b", "c"] }), {});
    assert.deepEqual(tags(), { tags: [{ key: "a", value: "3" }] });
  }
  const described = small.call<{ tags: object[] }>("DescribeTaskDefinition", {
    taskDefinition: "web",
    include: ["TAGS"],
  });
  assert.deepEqual(described.tags, [{ key: "a", value: "3" }]);
});

test("tag operations refuse unknown resources, short ARNs and bad tags", () => {
  const small = account();
  const { incarnation } = small.ask<Cluster>({ type: "create-default-cluster" });
  small.ask({ type: "cluster-closed", name: "default", incarnation });
  for (const [operation, more] of Object.entries({
    TagResource: { tags: [{ key: "a", value: "" }] },
    UntagResource: { tagKeys: ["a"] },
    ListTagsForResource: {},
  })) {
    const refusal = (resourceArn?: string) => small.refusal(operation, { resourceArn, ...more });
    assert.equal(refusal(`${SmallAccount.arn}cluster/none`), "ClusterNotFoundException: Cluster not found.");
    assert.match(refusal(`${SmallAccount.arn}cluster/default`), /^ClusterNotFoundException: .* was inactive/);
    assert.match(refusal(`${SmallAccount.arn}task-definition/web:2`), /^InvalidParameterException: .*does not exist/);
    assert.match(refusal(`${SmallAccount.arn}task/0af`), /: Long arn format must be used for tagging operations$/);
    assert.match(refusal(`${SmallAccount.arn}task/lab/0af`), /^InvalidParameterException: Only clusters/);
    assert.match(refusal(undefined), /^InvalidParameterException: The ARN provided is invalid/);
  }
  const none = { resourceArn: cluster, tags: [] };
  assert.equal(small.refusal("TagResource", none), "ClientException: Tags can not be empty.");
  const many = Array.from({ length: 51 }, (_, i) => ({ key: `k${i}`, value: "" }));
  assert.match(small.refusal("TagResource", { resourceArn: cluster, tags: many }), /at most 50 tags/);
  assert.equal(small.refusal("TagResource", { resourceArn: cluster, tags: many.slice(1) }), "accepted");
  assert.match(small.refusal("TagResource", { resourceArn: cluster, tags: many.slice(0, 1) }), /at most 50 tags/);
});
