/* The parts that need no engine. The rest is in tests/docker. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TaskSurroundings } from "../../container-runtime.ts";
import { surroundingsOf } from "../../engine/engine-task.ts";
import { DockerEngine } from "../engine/docker-engine.ts";
import { DockerUnreachable } from "../engine/docker-error.ts";
import { DockerGroundwork } from "./docker-groundwork.ts";
import type { TaskCgroups, TaskLimits } from "./task-cgroup.ts";

const arn = "arn:aws:ecs:us-east-1:123456789012:task/c/00112233445566778899aabbccddeeff";
const pause = "container:berth-pause-00112233445566778899aabbccddeeff";

const surroundings = surroundingsOf({ arn, desiredStatus: "RUNNING", family: "f", version: "1" });

class FakeCgroups implements TaskCgroups {
  readonly made: [string, TaskLimits][] = [];
  parentOf = (taskId: string): string => `/berth/${taskId}`;
  limit(taskId: string, limits: TaskLimits): Promise<void> {
    this.made.push([taskId, limits]);
    return Promise.resolve();
  }
  left = (): Promise<readonly string[]> => Promise.resolve([]);
  remove = (): Promise<void> => Promise.resolve();
}

const groundwork = (cgroups: TaskCgroups | null): DockerGroundwork =>
  new DockerGroundwork({ docker: new DockerEngine("unix:///nowhere/docker.sock"), log: () => {} }, cgroups);

test("containers join the pause container for what their task shares, and nothing else", () => {
  const placeOf = (task: Partial<TaskSurroundings>) => groundwork(null).placeOf(arn, { ...surroundings, ...task });
  assert.deepEqual(placeOf({}), {});
  assert.deepEqual(placeOf({ pidMode: "host", ipcMode: "none" }), { pidMode: "host", ipcMode: "none" });
  assert.deepEqual(placeOf({ pidMode: "task", ipcMode: "task" }), { pidMode: pause, ipcMode: pause });
  const networkInterface = { ipv4Addresses: [{ privateAddress: "10.64.0.9" }] };
  assert.deepEqual(placeOf({ networkMode: "awsvpc", networkInterface }), { networkMode: pause });
  assert.deepEqual(groundwork(new FakeCgroups()).placeOf(arn, surroundings), {
    cgroupParent: "/berth/00112233445566778899aabbccddeeff",
  });
});

test("a task ARN that ends in a path never reaches the control groups", async () => {
  for (const id of ["..", ".", "", "a b", "a".repeat(65)]) {
    const cgroups = new FakeCgroups();
    const bad = `arn:aws:ecs:us-east-1:123456789012:task/c/${id}`;
    await assert.rejects(groundwork(cgroups).prepare(bad, surroundings, []), /does not end in an id/);
    assert.throws(() => groundwork(cgroups).placeOf(bad, surroundings), /does not end in an id/);
    assert.deepEqual(cgroups.made, []);
  }
});

test("a task without limits of its own gets the weight of its containers", async () => {
  const cgroups = new FakeCgroups();
  await groundwork(cgroups).prepare(arn, surroundings, [
    { name: "a", image: "i", cpu: 256 },
    { name: "b", image: "i", cpu: 128 },
    { name: "c", image: "i" },
  ]);
  const limits = { cpuUnits: null, memoryMiB: null, cpuShares: 384 };
  assert.deepEqual(cgroups.made, [["00112233445566778899aabbccddeeff", limits]]);
});

test("a container with more memory than its task fails the task", async () => {
  const task = { ...surroundings, memoryMiB: 64 };
  const cgroups = new FakeCgroups();
  await assert.rejects(groundwork(cgroups).prepare(arn, task, [{ name: "big", image: "i", memory: 65 }]), {
    message:
      `resource cannot be initialized for task ${arn}: ` +
      "container memory greater than task memory, task memory: 64, container memory: 65 (big)",
  });
  assert.deepEqual(cgroups.made, []);
  await groundwork(cgroups).prepare(arn, task, [{ name: "fits", image: "i", memory: 64 }]);
  assert.equal(cgroups.made.length, 1);
});

test("an engine that does not answer fails a task that needs a namespace, and does not matter when one is released", async () => {
  const task = { ...surroundings, pidMode: "task" };
  await assert.rejects(
    groundwork(null).prepare(arn, task, []),
    (error: unknown) =>
      error instanceof DockerUnreachable && /^resource cannot be initialized for task arn:.*: /.test(error.message),
  );
  await groundwork(null).release(arn, task);
  await groundwork(null).clean(arn, task);
});
