import assert from "node:assert/strict";
import { test } from "node:test";
import { aCluster, aDefinition, type SmallWorld } from "../small-world.ts";

type Page = { taskArns: string[]; nextToken: string | null };
const list = (world: SmallWorld, request: object = {}): string[] =>
  world.call<Page>("ListTasks", request).value.taskArns.map((arn) => arn.slice(-32));
const ids = (...tasks: { id: string }[]): string[] => tasks.map(({ id }) => id).sort();

test("every filter selects", () => {
  const world = aCluster().withInstances(1).withInstances(1, { external: true });
  const web = world.runTask();
  const job = world.runTask(aDefinition({ family: "job" }), { startedBy: "me" });
  const outside = world.runTask(aDefinition(), { launchType: "EXTERNAL" });
  const stopped = world.runningTask();
  world.report(stopped.id, "STOPPED");
  const stopping = world.runTask();
  world.call("StopTask", { task: stopping.id });

  assert.deepEqual(list(world), ids(web, job, outside));
  assert.deepEqual(list(world, { desiredStatus: "RUNNING" }), ids(web, job, outside));
  assert.deepEqual(list(world, { desiredStatus: "STOPPED" }), ids(stopped, stopping));
  assert.deepEqual(list(world, { desiredStatus: "PENDING" }), []);
  assert.deepEqual(list(world, { family: "job" }), ids(job));
  assert.deepEqual(list(world, { family: "jo" }), []);
  assert.deepEqual(list(world, { startedBy: "me" }), ids(job));
  assert.deepEqual(list(world, { launchType: "EXTERNAL" }), ids(outside));
  assert.deepEqual(list(world, { launchType: "EC2", family: "web" }), ids(web));
  assert.deepEqual(list(world, { launchType: "FARGATE" }), []);
  assert.deepEqual(list(world, { containerInstance: world.instanceId(0) }), ids(web, job));
  assert.deepEqual(list(world, { containerInstance: world.instance(1).arn }), ids(outside));
  const stoppedThere = { containerInstance: world.instanceId(0), desiredStatus: "STOPPED" };
  assert.deepEqual(list(world, stoppedThere), ids(stopped, stopping));
  assert.deepEqual(list(world, { ...stoppedThere, containerInstance: world.instanceId(1) }), []);
});

test("pages continue correctly although tasks come and go", () => {
  const world = aCluster().withInstances(1, { cpu: 8192, memoryMiB: 16_384 });
  world.runTasks(aDefinition(), { count: 10 });
  for (const more of [{}, { containerInstance: world.instanceId(0) }]) {
    const before = list(world);
    const first = world.call<Page>("ListTasks", { maxResults: 4, ...more }).value;
    assert.deepEqual(
      first.taskArns.map((arn) => arn.slice(-32)),
      before.slice(0, 4),
    );
    const gone = [before[1], before[3], before[6]];
    for (const id of gone) world.report(id ?? "", "STOPPED");
    const added = world.runTask();
    const request = { maxResults: 100, nextToken: first.nextToken, ...more };
    const rest = world.call<Page>("ListTasks", request).value;
    const last = before[3] ?? "";
    assert.deepEqual(
      rest.taskArns.map((arn) => arn.slice(-32)),
      [...before, added.id].filter((id) => id > last && !gone.includes(id)).sort(),
    );
    assert.equal(rest.nextToken, null);
  }
});

test("a page that holds exactly the rest has no token", () => {
  const world = aCluster().withInstances(1);
  world.runTasks(aDefinition(), { count: 3 });
  assert.equal(world.call<Page>("ListTasks", { maxResults: 3 }).value.nextToken, null);
  assert.notEqual(world.call<Page>("ListTasks", { maxResults: 2 }).value.nextToken, null);
});

test("ListTasks refuses invalid requests", () => {
  const world = aCluster().withInstances(1);
  const parameter = "InvalidParameterException";
  for (const other of [{ family: "web" }, { launchType: "EC2" }, { containerInstance: world.instanceId(0) }]) {
    world.refused(parameter, "startedBy cannot be combined with other filters.", "ListTasks", {
      startedBy: "me",
      ...other,
    });
  }
  world.refused(parameter, /desiredStatus should be one of/, "ListTasks", { desiredStatus: "GONE" });
  world.refused(parameter, "launch type should be one of [EC2,FARGATE,EXTERNAL]", "ListTasks", { launchType: "X" });
  world.refused(parameter, `Referenced container instance ${"f".repeat(32)} not found.`, "ListTasks", {
    containerInstance: "f".repeat(32),
  });
  for (const maxResults of [0, 101, 1.5]) world.refused(parameter, /maxResults/, "ListTasks", { maxResults });
  world.refused(parameter, "Invalid token.", "ListTasks", { nextToken: "x" });
  world.refused("ServiceNotFoundException", "Service not found.", "ListTasks", { serviceName: "web" });
  world.refused(parameter, "Daemon not found.", "ListTasks", { daemonName: "logs" });
  world.refused(parameter, /startedBy/, "ListTasks", { startedBy: "me", daemonName: "logs" });
});
