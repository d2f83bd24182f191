import assert from "node:assert/strict";
import { test } from "node:test";
import type { ContainerInstanceStatus } from "../documents/container-instance.ts";
import { InstanceWorld, prefix } from "./instance-world.ts";
import { updateContainerInstancesState } from "./update-container-instances-state.ts";

const update = (world: InstanceWorld, containerInstances: string[], status: string) =>
  world.call(updateContainerInstancesState, { containerInstances, status });

test("an instance changes from ACTIVE to DRAINING and back, with one event each; a repeated call changes nothing", () => {
  const world = new InstanceWorld();
  const id = world.add();
  world.place(id);
  const drained = update(world, [id, world.instance(id).arn], "DRAINING");
  assert.deepEqual(drained.failures, []);
  assert.equal(drained.containerInstances.length, 1);
  assert.equal(drained.containerInstances[0]?.status, "DRAINING");
  assert.equal(drained.containerInstances[0]?.runningTasksCount, 1);
  assert.deepEqual(
    world.events.map((event) => event.detail.status),
    ["DRAINING"],
  );
  assert.equal(drained.containerInstances[0]?.version, world.events[0]?.detail.version);
  assert.equal(update(world, [id], "DRAINING").containerInstances[0]?.status, "DRAINING");
  assert.deepEqual([world.events, world.documents], [[], []]);
  assert.equal(update(world, [id], "ACTIVE").containerInstances[0]?.status, "ACTIVE");
});

test("each unknown or unsuitable instance is a failure, and the others are moved", () => {
  const world = new InstanceWorld();
  const good = world.add();
  for (const status of [
    "REGISTERING",
    "REGISTRATION_FAILED",
    "DEREGISTERING",
    "INACTIVE",
  ] as ContainerInstanceStatus[]) {
    const id = world.add();
    world.set(id, { status });
    const { containerInstances, failures } = update(world, [id, "nobody", good], "DRAINING");
    assert.equal(containerInstances[0]?.status, "DRAINING");
    const detail = `A container instance that is ${status} cannot become DRAINING.`;
    assert.deepEqual(failures, [
      { arn: world.instance(id).arn, reason: status, detail },
      { arn: `${prefix}container-instance/lab/nobody`, reason: "MISSING" },
    ]);
    assert.equal(world.instance(id).status, status);
  }
});

test("invalid lists and statuses are refused", () => {
  const world = new InstanceWorld();
  const refused = (request: object, message: string) =>
    world.refused(updateContainerInstancesState, request, "InvalidParameterException", message);
  refused({ status: "DRAINING" }, "Container Instances cannot be empty.");
  refused({ status: "DRAINING", containerInstances: Array(11).fill("a") }, "instanceIds can have at most 10 items.");
  const message = "Container instance status should be one of [ACTIVE, DRAINING]";
  refused({ containerInstances: ["a"] }, message);
  refused({ containerInstances: ["a"], status: "INACTIVE" }, message);
});
