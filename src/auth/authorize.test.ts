import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isAnswered } from "../wire/service-definition.ts";
import { apiOperations, controlPlaneOperations, operationNamed, surroundingServices } from "../wire/services.ts";
import { authorize, mayReadMetrics, type Principal, type Resource, wholeAccount } from "./authorize.ts";
import { type Action, otherActions } from "./permissions.ts";
import { type Role, roles } from "./roles.ts";

const prefix = "arn:aws:ecs:us-east-1:123456789012:";
const key = (role: Role, clusters: readonly string[] | null = null): Principal => ({
  type: "key",
  arn: "arn:aws:iam::123456789012:user/someone",
  role,
  clusters,
  accessKeyId: "AKIAAAAAAAAAAAAAAAAA",
});
const inCluster = (cluster: string, type: Resource["type"] = "task"): Resource => ({
  arn: type === "cluster" ? `${prefix}cluster/${cluster}` : `${prefix}${type}/${cluster}/1`,
  type,
  cluster,
  onlyUsed: false,
});
const definition: Resource = {
  arn: `${prefix}task-definition/web`,
  type: "task-definition",
  cluster: null,
  onlyUsed: false,
};
const allowed = (principal: Principal, action: Action, ...resources: readonly Resource[]): boolean =>
  authorize(principal, action, resources).allowed;

const operations = controlPlaneOperations;
const actions: readonly Action[] = [...operations.filter(isAnswered).map(({ action }) => action), ...otherActions];
const reads = ({ name }: Action): boolean => /:(Describe|List|Get|Explain|Plan|Discover|Read)/.test(name);
const namesOf = (some: readonly Action[]): string[] => some.map(({ name }) => name).sort();
const listTags = operationNamed("ListTagsForResource").action;

describe("a role", () => {
  test("of an admin allows every action", () => {
    for (const action of actions) assert.ok(allowed(key("admin"), action, inCluster("a")), action.name);
  });

  test("of a reader allows exactly the reading actions", () => {
    for (const action of actions)
      assert.equal(allowed(key("read-only"), action, inCluster("a")), reads(action), action.name);
  });

  test("of an operator allows everything except account settings, deleting clusters and what agents say", () => {
    const denied = actions.filter((action) => !allowed(key("operator"), action, inCluster("a")));
    assert.deepEqual(namesOf(denied), [
      "ecs:DeleteAccountSetting",
      "ecs:DeleteCluster",
      "ecs:Poll",
      "ecs:PutAccountSetting",
      "ecs:PutAccountSettingDefault",
      "ecs:StartTelemetrySession",
      "ecs:SubmitAttachmentStateChanges",
      "ecs:SubmitContainerStateChange",
      "ecs:SubmitTaskStateChange",
    ]);
  });

  test("of an agent allows what agents call, about instances and tasks, and nothing else", () => {
    const instance = inCluster("a", "container-instance");
    const granted = actions.filter((action) =>
      [instance, inCluster("a"), inCluster("a", "attachment")].some((each) => allowed(key("agent"), action, each)),
    );
    assert.deepEqual(namesOf(granted), [
      "ecs:DeregisterContainerInstance",
      "ecs:DiscoverPollEndpoint",
      "ecs:ListTagsForResource",
      "ecs:Poll",
      "ecs:RegisterContainerInstance",
      "ecs:StartTelemetrySession",
      "ecs:SubmitAttachmentStateChanges",
      "ecs:SubmitContainerStateChange",
      "ecs:SubmitTaskStateChange",
      "ecs:UpdateContainerInstancesState",
    ]);
    assert.ok(!allowed(key("agent"), listTags, definition));
    assert.ok(!allowed(key("agent"), listTags, inCluster("a", "cluster")));
    assert.ok(!allowed(key("agent"), listTags, inCluster("a", "service")));
  });

  test("allows nothing that is absent", () => {
    const absent = operations.filter((operation) => !isAnswered(operation));
    assert.ok(absent.length > 10);
    for (const role of roles) {
      for (const { action } of absent) assert.ok(!allowed(key(role), action, wholeAccount), `${role} ${action.name}`);
    }
  });

  test("decides who may read the process's metrics", () => {
    const may = roles.filter((role) => mayReadMetrics(key(role)));
    assert.deepEqual(may, ["admin", "operator", "read-only"]);
    assert.ok(!mayReadMetrics(key("admin", ["a"])), "they cover all clusters");
  });
});

describe("a key that is bound to clusters", () => {
  test("acts in these only, whatever its role, and never on the account as a whole", () => {
    for (const role of roles) {
      for (const action of actions) {
        const isAgents = role === "agent" && action.agents?.includes("task") !== true;
        if (isAgents || !allowed(key(role), action, inCluster("a"))) continue;
        const bound = key(role, ["a", "b"]);
        assert.ok(allowed(bound, action, inCluster("a"), inCluster("b")), `${role} ${action.name}`);
        for (const outside of [inCluster("c"), wholeAccount, definition]) {
          assert.ok(!allowed(bound, action, inCluster("a"), outside), `${role} ${action.name} ${outside.arn}`);
        }
      }
    }
  });

  test("may use what belongs to the account", () => {
    assert.ok(
      allowed(key("operator", ["a"]), operationNamed("RunTask").action, inCluster("a", "cluster"), {
        ...definition,
        onlyUsed: true,
      }),
    );
  });

  test("is refused in AWS's words, by the resource that is in the way", () => {
    assert.deepEqual(
      authorize(key("operator", ["a"]), operationNamed("StopTask").action, [inCluster("a", "cluster"), inCluster("c")]),
      {
        allowed: false,
        resource: `${prefix}task/c/1`,
        because: "no identity-based policy allows the ecs:StopTask action",
      },
    );
  });
});

describe("an action of a service around ECS", () => {
  const around = surroundingServices.flatMap((service) => [...apiOperations(service).values()]).filter(isAnswered);
  const task: Principal = { type: "task", arn: "arn:aws:sts::1:assumed-role/r/1", taskArn: "t", clusterArn: "c" };
  const inAccount = (arn: string): Resource => ({ arn, type: "sts", cluster: null, onlyUsed: false });
  const action: Action = { name: "x:Read", level: "read", agents: null, tasks: null };

  test("for everyone needs no permission", () => {
    const open = around.filter(({ action: { level } }) => level === "everyone");
    assert.ok(open.some(({ action: { name } }) => name === "sts:GetCallerIdentity"));
    for (const { action: everyones } of open) {
      for (const principal of [task, ...roles.map((role) => key(role, ["a"]))]) {
        assert.ok(allowed(principal, everyones, wholeAccount), everyones.name);
      }
    }
  });

  test("that agents or tasks may take on anything is bound to no cluster", () => {
    const bound = key("agent", ["a"]);
    assert.ok(!allowed(bound, action, inAccount("x")));
    assert.ok(allowed(bound, { ...action, agents: "anything" }, inAccount("x")));
    assert.ok(!allowed(task, action, inAccount("x")));
    assert.ok(allowed(task, { ...action, tasks: "anything" }, inAccount("x")));
  });

  test("is none for keys that are bound to clusters, since it belongs to the account", () => {
    assert.ok(allowed(key("read-only"), action, inAccount("x")));
    assert.ok(!allowed(key("admin", ["a"]), action, inAccount("x")));
    assert.ok(!allowed(key("read-only"), { ...action, level: "operate" }, inAccount("x")));
  });
});

test("a task may take four actions, about itself", () => {
  const taskArn = inCluster("a").arn;
  const task: Principal = {
    type: "task",
    arn: "arn:aws:sts::1:assumed-role/r/1",
    taskArn,
    clusterArn: `${prefix}cluster/a`,
  };
  const granted = actions.filter((action) => allowed(task, action, inCluster("a")));
  assert.deepEqual(namesOf(granted), [
    "ecs:DescribeTasks",
    "ecs:GetTaskProtection",
    "ecs:ListTagsForResource",
    "ecs:UpdateTaskProtection",
  ]);
  const absent = operations.filter((operation) => !isAnswered(operation));
  assert.ok(absent.every(({ action }) => !allowed(task, action, inCluster("a"))));
  for (const action of granted) {
    assert.ok(!allowed(task, action, { ...inCluster("a"), arn: `${taskArn}2` }), action.name);
    assert.ok(!allowed(task, action, inCluster("a"), inCluster("b")), action.name);
    assert.ok(!allowed(task, action, inCluster("a"), inCluster("b", "cluster")), action.name);
    assert.ok(!allowed(task, action, inCluster("a", "cluster")), `${action.name} without a task`);
    assert.ok(!allowed(task, action), action.name);
  }
  assert.ok(!mayReadMetrics(task));
});
