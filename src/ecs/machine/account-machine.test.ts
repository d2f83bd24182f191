import assert from "node:assert/strict";
import { test } from "node:test";
import { Refusal } from "../refusals.ts";
import { SmallAccount } from "../small-account.ts";
import { type AnsweredName, rowOf } from "./operations.ts";

const nothing = { documents: [], events: [], effects: [] };

test("a cluster's operation is refused, and a refused step has no writes or effects", () => {
  const account = new SmallAccount();
  const caller = { principalArn: account.principalArn, isAgent: false };
  const input = { type: "call", operation: "RunTask", request: {}, caller, counts: [] } as const;
  const { reply, ...rest } = account.step(input);
  assert.ok(!reply.ok && reply.refusal instanceof Refusal && reply.refusal.code === "ClientException");
  assert.deepEqual(rest, nothing);
});

test("a bug rolls back the step and is thrown", () => {
  const account = new SmallAccount();
  const request = { family: "web", containerDefinitions: [{ name: "a", image: "b", memory: 64 }] };
  Object.defineProperty(request, "placementConstraints", {
    get() {
      throw new TypeError("planted");
    },
  });
  assert.throws(() => account.call("RegisterTaskDefinition", request), /planted/);
  assert.equal(account.stored.size, 0);
  assert.deepEqual(account.call("ListTaskDefinitions"), { taskDefinitionArns: [], nextToken: null });
});

test("a timer with nothing due does nothing, and nothing is due in an empty account", () => {
  const account = new SmallAccount();
  assert.equal(account.machine.nextDueAt(), null);
  assert.deepEqual(account.step({ type: "timer" }), { reply: { ok: true, value: null }, ...nothing });
});

test("a document of an unknown kind is refused", () => {
  const load = () => new SmallAccount().machine.load("of-a-later-berth", "x", { name: "x" });
  assert.throws(load, { name: "NewerDocumentError", message: "no document of that kind is known" });
});

test("the request names the clusters whose counts a reply shows", () => {
  const counted = (operation: AnsweredName, request: object) => {
    const row = rowOf(operation);
    return row.machine === "account" ? (row.counts?.(request as never) ?? null) : null;
  };
  assert.deepEqual(counted("DescribeClusters", {}), [undefined]);
  assert.deepEqual(counted("DescribeClusters", { clusters: ["a", "b"] }), ["a", "b"]);
  assert.deepEqual(counted("CreateCluster", { clusterName: "a" }), ["a"]);
  assert.deepEqual(counted("UpdateCluster", { cluster: "a" }), ["a"]);
  assert.deepEqual(counted("ListClusters", {}), null);
});

test("cluster names for counting are those of ACTIVE clusters, once each, without refusals", () => {
  const account = new SmallAccount();
  account.ask({ type: "create-default-cluster" });
  account.call("CreateCluster", { clusterName: "lab" });
  const references = [null, "lab", `${SmallAccount.arn}cluster/lab`, "none", "arn:nonsense", "default"];
  assert.deepEqual(account.ask({ type: "cluster-names", references }), ["default", "lab"]);
});

test("everything survives a restart", () => {
  const account = new SmallAccount();
  account.call("CreateCluster", { clusterName: "lab", tags: [{ key: "a", value: "1" }] });
  account.call("PutAccountSetting", { name: "awsvpcTrunking", value: "enabled" });
  const containerDefinitions = [{ name: "a", image: "b", memory: 64 }];
  account.call("RegisterTaskDefinition", { family: "web", containerDefinitions });
  account.call("RegisterTaskDefinition", { family: "web", containerDefinitions });
  account.call("DeregisterTaskDefinition", { taskDefinition: "web:2" });
  const show = () => [
    account.call("DescribeClusters", { clusters: ["lab"], include: ["TAGS", "SETTINGS"] }),
    account.call("ListAccountSettings"),
    account.call("DescribeTaskDefinition", { taskDefinition: "web" }),
    account.call("ListTaskDefinitions", { status: "INACTIVE" }),
    account.call("ListTaskDefinitionFamilies"),
    account.call("ListClusters"),
  ];
  const before = show();
  account.restart();
  assert.deepEqual(show(), before);
});
