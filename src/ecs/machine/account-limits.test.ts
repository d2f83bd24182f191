/** Goal: whatever the callers of an account create and delete, what it keeps is bounded. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { limits } from "../limits.ts";
import { SmallAccount } from "../small-account.ts";

const containerDefinitions = [{ name: "app", image: "nginx", memory: 64 }];
const autoScalingGroupArn = (name: string) =>
  `arn:aws:autoscaling:eu-central-1:111122223333:autoScalingGroup:uuid:autoScalingGroupName/${name}`;

test("settings for principals that don't exist", () => {
  const account = new SmallAccount();
  const put = (index: number) =>
    account.refusal("PutAccountSetting", {
      name: "awsvpcTrunking",
      value: "enabled",
      principalArn: `arn:aws:iam::111122223333:role/r${index}`,
    });
  for (let index = 0; index < limits.accountSettings; index++) {
    const principalArn = `arn:aws:iam::111122223333:role/r${index}`;
    account.machine.load("account-setting", `${principalArn} awsvpcTrunking`, {
      principalArn,
      name: "awsvpcTrunking",
      value: "disabled",
    });
  }
  assert.match(put(limits.accountSettings), /^ClientException: The limit of 10000 account settings/);
  assert.equal(put(7), "accepted", "one that is there can be changed");
});

test("revisions of task definitions, including deregistered ones", () => {
  const account = new SmallAccount();
  account.call("RegisterTaskDefinition", { family: "web", containerDefinitions });
  const document = account.stored.get("task-definition\nweb:1");
  assert.ok(document !== undefined);
  for (let revision = 2; revision <= limits.taskDefinitions; revision++) {
    account.machine.load("task-definition", `web:${revision}`, { ...document, revision, status: "INACTIVE" });
  }
  const register = () => account.refusal("RegisterTaskDefinition", { family: "web", containerDefinitions });
  assert.match(register(), /^ClientException: The limit of task definitions of the account has been reached/);
  account.call("DeleteTaskDefinitions", { taskDefinitions: ["web:2"] });
  assert.match(register(), /^ClientException/);
  const arns = [`${SmallAccount.arn}task-definition/web:2`];
  account.ask({ type: "revisions-unused", arns });
  assert.equal(register(), "accepted");
});

test("characters of task definitions", () => {
  const account = new SmallAccount();
  const environment = [{ name: "large", value: "x".repeat(60_000) }];
  const large = [{ ...containerDefinitions[0], environment }];
  account.call("RegisterTaskDefinition", { family: "large", containerDefinitions: large });
  const document = account.stored.get("task-definition\nlarge:1");
  assert.ok(document !== undefined);
  const count = Math.floor(limits.taskDefinitionCharacters / JSON.stringify(document).length);
  for (let revision = 2; revision <= count; revision++) {
    account.machine.load("task-definition", `large:${revision}`, { ...document, revision });
  }
  const register = () => account.refusal("RegisterTaskDefinition", { family: "large", containerDefinitions: large });
  assert.match(register(), /^ClientException: The limit of task definitions/);
  account.call("DeregisterTaskDefinition", { taskDefinition: "large:2" });
  account.call("DeleteTaskDefinitions", { taskDefinitions: ["large:2"] });
  account.ask({ type: "revisions-unused", arns: [`${SmallAccount.arn}task-definition/large:2`] });
  assert.equal(register(), "accepted");
});

test("names of families, which outlive their revisions", () => {
  const account = new SmallAccount();
  for (let index = 0; index < limits.taskDefinitionFamilies; index++) {
    account.machine.load("task-definition-family", `f${index}`, { family: `f${index}`, lastRevision: 1 });
  }
  const register = (family: string) => account.refusal("RegisterTaskDefinition", { family, containerDefinitions });
  assert.match(register("new"), /^ClientException: The limit of 100000 families/);
  assert.equal(register("f7"), "accepted");
});

test("deleted capacity providers and clusters: the newest can be described", () => {
  const account = new SmallAccount();
  const max = limits.inactiveCapacityProviders;
  for (let index = 0; index <= max; index++) {
    account.now += 1;
    const autoScalingGroupProvider = { autoScalingGroupArn: autoScalingGroupArn("g") };
    account.call("CreateCapacityProvider", { name: `p${index}`, autoScalingGroupProvider });
    account.call("DeleteCapacityProvider", { capacityProvider: `p${index}` });
    account.call("CreateCluster", { clusterName: `c${index}` });
    account.ask({ type: "cluster-closed", name: `c${index}`, incarnation: 1 });
  }
  const kinds = [...account.stored.keys()].map((key) => key.split("\n")[0]);
  assert.equal(kinds.filter((kind) => kind === "capacity-provider").length, max);
  assert.equal(kinds.filter((kind) => kind === "cluster").length, limits.inactiveClusters);
  assert.ok(!account.stored.has("cluster\nc0") && account.stored.has("cluster\nc1"));
  assert.ok(!account.stored.has("capacity-provider\np0") && account.stored.has("capacity-provider\np1"));
});
