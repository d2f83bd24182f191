import assert from "node:assert/strict";
import { test } from "node:test";
import { aDefinition, fargateDefinition, inSubnet } from "../small-world.ts";
import { ServiceWorld } from "./service-world.ts";

type Shown = Record<string, unknown>;
type Described = { readonly services: readonly Shown[]; readonly failures: readonly object[] };
type Listed = { readonly serviceArns: readonly string[]; readonly nextToken: string | null };

const invalid = "InvalidParameterException";
const prefix = "arn:aws:ecs:eu-central-1:111122223333:";
const arnOf = (name: string) => `${prefix}service/lab/${name}`;
const aWorld = () => new ServiceWorld("describe-services").withInstances(2);

test("DescribeServices: by name and by ARN, tags when asked; what is not here is missing", () => {
  const world = aWorld();
  world.aService({ desiredCount: 0, tags: [{ key: "team", value: "a" }] });
  const references = ["web", arnOf("web"), `${prefix}service/web`];
  const { services, failures } = world.call<Described>("DescribeServices", { services: references }).value;
  assert.deepEqual([services.map(({ serviceName }) => serviceName), failures], [["web", "web", "web"], []]);
  assert.deepEqual(services[0]?.tags, []);
  const tagged = world.call<Described>("DescribeServices", { services: ["web"], include: ["TAGS"] }).value;
  assert.deepEqual(tagged.services[0]?.tags, [{ key: "team", value: "a" }]);
  assert.deepEqual(world.call<Described>("DescribeServices", { services: ["none"] }).value, {
    services: [],
    failures: [{ arn: arnOf("none"), reason: "MISSING" }],
  });
  for (const [reference, text] of [
    [`${prefix}service/other/web`, "Invalid identifier: Identifier is for cluster other. Your cluster is lab"],
    [`${prefix}task/lab/web`, "Unsupported resource type: task"],
    [arnOf("web").replace("1111", "2222"), "Identifier is for 222222223333. Your accountId is 111122223333"],
    [arnOf("web").replace("eu-central-1", "us-east-1"), "Invalid Region in ARN"],
    [arnOf("web").replace("arn:aws:", "arn:aws-cn:"), "Invalid Partition in ARN"],
    ["arn:aws:s3:::web", "Invalid identifier: Identifier is not an Amazon ECS ARN."],
  ] as const) {
    world.refused(invalid, text, "DescribeServices", { services: [reference] });
  }
  world.refused(invalid, "Services cannot be empty.", "DescribeServices", { services: [] });
  const many = Array<string>(11).fill("web");
  world.refused(invalid, "service names can have at most 10 items.", "DescribeServices", { services: many });
  world.refused(invalid, /TAGS/, "DescribeServices", { services: ["web"], include: ["EVENTS"] });
});

test("DescribeServices during a rollout: PRIMARY first, counts of each, events with the newest first", () => {
  const world = aWorld();
  world.aService({ desiredCount: 2 });
  world.untilSteady();
  world.updateService({}, aDefinition({ revision: 2 }));
  world.play(4_000);
  const { services } = world.call<Described>("DescribeServices", { services: ["web"] }).value;
  const { deployments, events, currentServiceRevisions, ...service } = services[0] as {
    readonly deployments: readonly Shown[];
    readonly events: readonly { readonly message: string }[];
    readonly currentServiceRevisions: readonly Shown[];
  } & Shown;
  assert.deepEqual([service.runningCount, service.pendingCount, service.desiredCount], [4, 0, 2]);
  assert.deepEqual(
    deployments.map((each) => [each.status, each.runningCount, each.desiredCount, each.rolloutState]),
    [
      ["PRIMARY", 2, 2, "IN_PROGRESS"],
      ["ACTIVE", 2, 2, "COMPLETED"],
    ],
  );
  assert.match(events[0]?.message ?? "", /has started 2 tasks/);
  assert.match(events[1]?.message ?? "", /reached a steady state/);
  assert.deepEqual(
    currentServiceRevisions.map(({ runningTaskCount }) => runningTaskCount),
    [2, 2],
  );
});

test("ListServices: the ACTIVE ones, 10 a page, by launch type and scheduling strategy", () => {
  const world = aWorld();
  for (let i = 0; i < 12; i++) world.aService({ serviceName: `s-${String(i).padStart(2, "0")}`, desiredCount: 0 });
  world.aService({ serviceName: "daemon", schedulingStrategy: "DAEMON" });
  world.aService({ serviceName: "fargate", desiredCount: 0, launchType: "FARGATE", ...inSubnet }, fargateDefinition());
  const list = (request: object) => world.call<Listed>("ListServices", request).value;
  const first = list({});
  assert.equal(first.serviceArns.length, 10);
  const second = list({ nextToken: first.nextToken });
  assert.deepEqual([second.serviceArns.length, second.nextToken], [4, null]);
  const all = [...first.serviceArns, ...second.serviceArns];
  assert.deepEqual([all, all.length], [list({ maxResults: 100 }).serviceArns, 14]);
  assert.deepEqual(list({ schedulingStrategy: "DAEMON" }).serviceArns, [arnOf("daemon")]);
  assert.deepEqual(list({ launchType: "FARGATE" }).serviceArns, [arnOf("fargate")]);
  assert.equal(list({ resourceManagementType: "CUSTOMER", maxResults: 100 }).serviceArns.length, 14);
  assert.deepEqual(list({ resourceManagementType: "ECS" }).serviceArns, []);
  world.play(2_000);
  world.call("DeleteService", { service: "daemon" });
  assert.deepEqual(list({ schedulingStrategy: "DAEMON" }).serviceArns, [], "it drains");
  for (const request of [
    { launchType: "MOON" },
    { maxResults: 101 },
    { nextToken: "x" },
    { schedulingStrategy: "x" },
  ]) {
    world.refused(invalid, /./, "ListServices", request);
  }
});

test("tags of a service: added, removed and listed, until it is INACTIVE", () => {
  const world = aWorld();
  world.aService({ desiredCount: 0, tags: [{ key: "team", value: "a" }] });
  const resourceArn = arnOf("web");
  world.call("TagResource", { resourceArn, tags: [{ key: "tier", value: "1" }] });
  world.call("UntagResource", { resourceArn, tagKeys: ["team"] });
  const { value, events } = world.call("ListTagsForResource", { resourceArn });
  assert.deepEqual([value, events], [{ tags: [{ key: "tier", value: "1" }] }, []]);
  const short = { resourceArn: `${prefix}service/web` };
  world.refused(invalid, "Long arn format must be used for tagging operations", "ListTagsForResource", short);
  world.call("DeleteService", { service: "web" });
  world.play(2_000);
  world.refused(invalid, /^The specified service is inactive or was not found/, "ListTagsForResource", { resourceArn });
});

test("ListTasks by service, and the counts of a cluster", () => {
  const world = aWorld();
  world.aService({ desiredCount: 2 });
  world.aService({ serviceName: "other", desiredCount: 1 });
  world.runTask();
  world.play(3_000);
  type Tasks = { readonly taskArns: readonly string[] };
  const ids = (request: object) => {
    const { taskArns } = world.call<Tasks>("ListTasks", request).value;
    return taskArns.map((arn) => arn.slice(-32));
  };
  const mine = world
    .tasksOf()
    .map(({ id }) => id)
    .sort();
  assert.deepEqual(ids({ serviceName: "web" }), mine);
  assert.deepEqual(ids({ serviceName: arnOf("web"), maxResults: 1 }), mine.slice(0, 1));
  assert.deepEqual(ids({ serviceName: "web", containerInstance: world.instanceId(0), launchType: "EXTERNAL" }), []);
  world.refused("ServiceNotFoundException", "Service not found.", "ListTasks", { serviceName: "none" });
  const counts = () => world.step({ type: "count" }).value as Record<string, unknown>;
  assert.deepEqual([counts().activeServices, counts().activeServicesByLaunchType], [2, { EC2: 2 }]);
  world.call("DeleteService", { service: "web", force: true });
  assert.deepEqual([counts().activeServices, counts().drainingServicesByLaunchType], [1, { EC2: 1 }]);
  world.play(5_000);
  assert.deepEqual(ids({ serviceName: "web", desiredStatus: "STOPPED" }), mine);
});

test("a cluster with services stays", () => {
  const world = new ServiceWorld("close");
  world.aService({ desiredCount: 0 });
  const close = () => world.step({ type: "close", incarnation: 1 });
  assert.throws(close, { message: "The Cluster cannot be deleted while Services are active." });
  world.call("DeleteService", { service: "web" });
  assert.throws(close, /Services are active/);
  world.play(2_000);
  close();
});

test("protection is for tasks of services, and refused while a deployment waits for protected ones", () => {
  const world = aWorld();
  const standalone = world.runTask();
  world.aService({ desiredCount: 2 });
  world.untilSteady();
  type Protection = { readonly protectedTasks: readonly Shown[]; readonly failures: readonly Shown[] };
  const protect = (tasks: readonly string[], protectionEnabled = true) =>
    world.call<Protection>("UpdateTaskProtection", { tasks, protectionEnabled }).value;
  const [one = "", two = ""] = world.running().map(({ id }) => id);
  assert.equal(protect([standalone.id]).failures[0]?.reason, "TASK_NOT_VALID");
  assert.equal(protect([one, two]).protectedTasks.length, 2);
  world.updateService({}, aDefinition({ revision: 2 }));
  world.play(60_000);
  assert.equal(world.running().length, 4, "the protected ones stay");
  const fresh = world.running().find(({ id }) => id !== one && id !== two)?.id ?? "";
  assert.deepEqual(
    protect([one, fresh]).failures.map(({ reason }) => reason),
    ["DEPLOYMENT_BLOCKED", "DEPLOYMENT_BLOCKED"],
  );
  assert.equal(protect([one], false).protectedTasks[0]?.protectionEnabled, false);
  world.play(3_000);
  assert.equal(world.running().length, 3, "the other is protected still");
});
