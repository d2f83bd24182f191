import assert from "node:assert/strict";
import { test } from "node:test";
import { must } from "../../lib/assert.ts";
import { limits } from "../limits.ts";
import { aCluster, aDefinition } from "../small-world.ts";
import type { TaskReply } from "../tasks/run-task.ts";
import { ecsTimeline } from "../timeline.ts";
import { callDigest, runTaskTokenKind } from "./run-task-token.ts";

const arnsOf = (reply: TaskReply) => reply.tasks.map((task) => (task as { taskArn: string }).taskArn);

test("the same token and parameters return the same tasks, as they are now, and start none", () => {
  const world = aCluster().withInstances(1);
  const request = { clientToken: "t", count: 9, group: "g" };
  const first = world.call<TaskReply>("RunTask", request, aDefinition());
  assert.equal(arnsOf(first.value).length, 8);
  const [id] = world.state.taskIds.after(null);
  world.report(id ?? "", "RUNNING");
  const again = world.call<TaskReply>("RunTask", { group: "g", count: 9, clientToken: "t" }, aDefinition());
  assert.deepEqual(arnsOf(again.value), arnsOf(first.value));
  assert.deepEqual(again.value.failures, first.value.failures);
  assert.deepEqual([again.documents, again.events, again.effects], [[], [], []]);
  const statuses = again.value.tasks.map((task) => (task as { lastStatus: string }).lastStatus);
  assert.equal(statuses.filter((status) => status === "RUNNING").length, 1);
});

test("a token is valid after a restart, and other tokens start other tasks", () => {
  const world = aCluster().withInstances(1);
  const task = world.runTask(aDefinition(), { clientToken: "t" });
  world.restart();
  assert.equal(world.runTask(aDefinition(), { clientToken: "t" }).id, task.id);
  assert.notEqual(world.runTask(aDefinition(), { clientToken: "T" }).id, task.id);
  assert.equal(world.state.tasks.size, 2);
});

test("the same token with other parameters is a conflict that names the tasks", () => {
  const world = aCluster().withInstances(1);
  const task = world.runTask(aDefinition(), { clientToken: "t" });
  const { members } = world.refused(
    "ConflictException",
    "The clientToken was used before with other parameters.",
    "RunTask",
    { clientToken: "t", count: 2 },
    aDefinition(),
  );
  assert.deepEqual(members, { resourceIds: [task.arn] });
});

test("after a day a token is forgotten", () => {
  const world = aCluster().withInstances(1);
  const task = world.runTask(aDefinition(), { clientToken: "t" });
  world.advanceClock(limits.clientTokenMs - 1);
  assert.equal(world.runTask(aDefinition(), { clientToken: "t" }).id, task.id);
  world.now += 1;
  const other = world.runTask(aDefinition(), { clientToken: "t" });
  assert.notEqual(other.id, task.id, "though its timer did not come yet");
  world.advanceClock(0);
  assert.equal(world.runTask(aDefinition(), { clientToken: "t" }).id, other.id, "the old timer leaves the new token");
  world.advanceClock(limits.clientTokenMs);
  assert.equal(world.state.runTaskTokens.size, 0);
});

test("a token is forgotten an hour after its last task stopped, even after a restart", () => {
  const world = aCluster().withInstances(1);
  const { value } = world.call<TaskReply>("RunTask", { clientToken: "t", count: 2 }, aDefinition());
  const [first, second] = arnsOf(value).map((arn) => arn.slice(arn.lastIndexOf("/") + 1));
  assert.ok(first !== undefined && second !== undefined);
  world.report(first, "STOPPED");
  world.advanceClock(ecsTimeline.stoppedTaskRetentionMs / 2);
  world.report(second, "STOPPED");
  world.advanceClock(ecsTimeline.stoppedTaskRetentionMs / 2);
  assert.deepEqual([world.state.tasks.has(first), world.state.runTaskTokens.size], [false, 1]);
  world.restart();
  world.advanceClock(ecsTimeline.stoppedTaskRetentionMs / 2);
  assert.deepEqual([world.state.tasks.size, world.state.runTaskTokens.size], [0, 0]);
  world.runTask(aDefinition(), { clientToken: "t", group: "other" });
  assert.equal(world.state.tasks.size, 1);
});

test("a refused call leaves its token unused", () => {
  const world = aCluster();
  world.refused("InvalidParameterException", /No Container/, "RunTask", { clientToken: "t" }, aDefinition());
  world.withInstances(1).runTask(aDefinition(), { clientToken: "t", count: 2 });
  assert.equal(world.state.tasks.size, 2);
});

test("the cluster may be named in another way, and a call that started nothing may be repeated", () => {
  const world = aCluster().withInstances(1);
  const task = world.runTask(aDefinition(), { clientToken: "t" });
  assert.equal(world.runTask(aDefinition(), { clientToken: "t", cluster: "lab" }).id, task.id);
  const large = aDefinition({ memory: "1000000" });
  const failed = world.call<TaskReply>("RunTask", { clientToken: "u" }, large);
  assert.deepEqual([failed.value.tasks, failed.value.failures.length], [[], 1]);
  assert.equal(world.call<TaskReply>("RunTask", { clientToken: "u" }, aDefinition()).value.tasks.length, 1);
});

test("a token is 1 to 64 printable ASCII characters", () => {
  const world = aCluster().withInstances(1);
  world.runTask(aDefinition(), { clientToken: "!~".repeat(32) });
  for (const clientToken of ["", "a b", "é", "x".repeat(65), "a\n"]) {
    world.refused("InvalidParameterException", /clientToken must be/, "RunTask", { clientToken }, aDefinition());
  }
});

test("a digest changes with everything except the order of members and the token", () => {
  const overrides = { containerOverrides: [{ name: "a", cpu: 1 }, { name: "b" }] };
  const swapped = { containerOverrides: [{ cpu: 1, name: "a" }, { name: "b" }] };
  assert.equal(callDigest({ overrides, count: 1 }), callDigest({ count: 1, overrides: swapped, clientToken: "t" }));
  const texts = [
    {},
    { count: 1 },
    { count: 2 },
    { overrides },
    { overrides: { containerOverrides: [{ name: "b" }, { name: "a", cpu: 1 }] } },
    { overrides: { containerOverrides: [{ name: "a", cpu: 2 }, { name: "b" }] } },
    { group: "1" },
  ].map(callDigest);
  assert.equal(new Set(texts).size, texts.length);
});

test("a token keeps only a digest, however large the call was", () => {
  const world = aCluster().withInstances(1);
  const command = ["x".repeat(8_000)];
  const overrides = { containerOverrides: [{ name: "app", command }] };
  const { documents } = world.call("RunTask", { clientToken: "t", overrides }, aDefinition());
  const token = documents.find(({ kind }) => kind === "run-task-token")?.value;
  assert.ok(token !== undefined && token !== null);
  assert.match((token as { digest: string }).digest, /^[0-9a-f]{64}$/);
  assert.ok(JSON.stringify(token).length < 300, JSON.stringify(token));
});

test("a token that an earlier version stored with the whole call is valid for the same call", () => {
  const canonical = '{"count":2,"group":"g"}';
  const old = { token: "t", fingerprint: canonical, taskIds: ["a"], failures: [], expiresAt: 1 };
  const upgrade = (document: object) =>
    must(runTaskTokenKind.upgrade, "its upgrade")(document, 1, () => assert.fail("it is in one piece"));
  const { digest } = upgrade(old);
  assert.equal(digest, callDigest({ group: "g", clientToken: "t", count: 2 }));
  assert.deepEqual(upgrade(old), { token: "t", digest, taskIds: ["a"], failures: [], expiresAt: 1 });
  assert.deepEqual(upgrade(upgrade(old)), upgrade(old));
});
