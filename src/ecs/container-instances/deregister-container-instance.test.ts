import assert from "node:assert/strict";
import { test } from "node:test";
import { ecsTimeline } from "../timeline.ts";
import { deregisterContainerInstance } from "./deregister-container-instance.ts";
import { describeContainerInstances } from "./describe-container-instances.ts";
import { InstanceWorld } from "./instance-world.ts";
import { listContainerInstances } from "./list-container-instances.ts";

test("an instance without tasks is INACTIVE at once, its agent is turned away, and it can be described for an hour", () => {
  const world = new InstanceWorld();
  const id = world.add();
  world.connect(id);
  const { containerInstance } = world.call(deregisterContainerInstance, { containerInstance: world.instance(id).arn });
  assert.deepEqual(
    [containerInstance.status, containerInstance.agentConnected, containerInstance.version],
    ["INACTIVE", false, 3],
  );
  assert.deepEqual(world.effects, [{ type: "turn-away", instanceId: id }]);
  assert.equal(world.events[0]?.detail.status, "INACTIVE");
  assert.equal(world.instance(id).deregisteredAt, world.now);
  assert.deepEqual(world.call(listContainerInstances, {}).containerInstanceArns, []);
  world.connect(id);
  assert.deepEqual([world.effects, world.documents], [[{ type: "turn-away", instanceId: id }], []]);
  world.pass(ecsTimeline.inactiveInstanceRetentionMs - 1);
  const described = () => world.call(describeContainerInstances, { containerInstances: [id] });
  assert.equal(described().containerInstances[0]?.status, "INACTIVE");
  world.pass(1);
  assert.deepEqual(described().containerInstances, []);
  assert.equal(described().failures[0]?.reason, "MISSING");
});

test("tasks prevent deregistration unless force is given; then they leave the books", () => {
  const world = new InstanceWorld();
  const id = world.add();
  const task = world.place(id, { cpu: 256, memoryMiB: 512, tcpPorts: [8080] });
  world.refused(
    deregisterContainerInstance,
    { containerInstance: id },
    "InvalidParameterException",
    "Found running tasks on the instance.",
  );
  world.refused(
    deregisterContainerInstance,
    { containerInstance: id, force: false },
    "InvalidParameterException",
    "Found running tasks on the instance.",
  );
  const { containerInstance } = world.call(deregisterContainerInstance, { containerInstance: id, force: true });
  assert.equal(containerInstance.status, "INACTIVE");
  assert.equal(containerInstance.runningTasksCount, 0);
  assert.deepEqual(containerInstance.remainingResources, containerInstance.registeredResources);
  const stopped = world.state.tasks.get(task.id);
  assert.equal(stopped?.lastStatus, "STOPPED");
  assert.equal(stopped?.stoppedReason, "Container instance deregistration forced by user");
  assert.equal(world.events.length, 2);
});

test("unknown, deregistered and unnamed instances are refused", () => {
  const world = new InstanceWorld();
  const id = world.add();
  world.call(deregisterContainerInstance, { containerInstance: id });
  for (const reference of [id, world.instance(id).arn]) {
    world.refused(
      deregisterContainerInstance,
      { containerInstance: reference },
      "InvalidParameterException",
      `Referenced container instance ${id} not found.`,
    );
  }
  world.refused(
    deregisterContainerInstance,
    { containerInstance: "nobody" },
    "InvalidParameterException",
    "Referenced container instance nobody not found.",
  );
  world.refused(deregisterContainerInstance, {}, "InvalidParameterException", "Container Instance cannot be empty.");
});
