import assert from "node:assert/strict";
import { test } from "node:test";
import { acknowledgeInstanceAttachment } from "../agents/acknowledge-instance-attachment.ts";
import { attachmentArn } from "../arn.ts";
import { ecsTimeline } from "../timeline.ts";
import { deregisterContainerInstance } from "./deregister-container-instance.ts";
import { document, InstanceWorld, place } from "./instance-world.ts";
import { updateContainerInstancesState } from "./update-container-instances-state.ts";

const request = {
  instanceIdentityDocument: document(),
  attributes: [{ name: "ecs.capability.task-eni-trunking" }],
};

function trunkWorld(): { world: InstanceWorld; id: string } {
  const world = new InstanceWorld();
  world.settings = { awsvpcTrunking: "enabled" };
  return { world, id: world.add(request) };
}

const acknowledge = (world: InstanceWorld, id: string, status: string) =>
  world.run((step) =>
    acknowledgeInstanceAttachment(step, {
      attachmentArn: attachmentArn(place, "lab", world.instance(id).attachments[0]?.id ?? ""),
      status,
      caller: world.caller,
    }),
  );

test("a trunk is created only if setting, agent and instance type allow it", () => {
  const world = new InstanceWorld();
  assert.equal(world.register(request).status, "ACTIVE");
  world.settings = { awsvpcTrunking: "enabled" };
  assert.equal(world.register(request).status, "REGISTERING");
  assert.equal(world.register({ instanceIdentityDocument: document() }).status, "ACTIVE");
  const burstable = document({ instanceType: "t3.large" });
  assert.equal(world.register({ ...request, instanceIdentityDocument: burstable }).status, "ACTIVE");
});

test("the simulated network attaches the trunk: CREATED, ATTACHING, ATTACHED and ACTIVE", () => {
  const { world, id } = trunkWorld();
  const trunk = () => world.instance(id).attachments[0];
  assert.equal(trunk()?.status, "CREATED");
  assert.match(trunk()?.details[0]?.value ?? "", /^eni-[0-9a-f]{17}$/);
  assert.match(trunk()?.details[1]?.value ?? "", /^06(:[0-9a-f]{2}){5}$/);
  assert.equal(world.state.nextDueAt(), world.now + ecsTimeline.networkInterfaceMs);
  world.pass(ecsTimeline.networkInterfaceMs);
  assert.deepEqual([trunk()?.status, world.instance(id).status], ["ATTACHING", "REGISTERING"]);
  const [announced] = (world.events[0]?.detail.attachments ?? []) as { type: string; status: string }[];
  assert.deepEqual([announced?.type, announced?.status], ["eni", "ATTACHING"]);
  world.pass(ecsTimeline.networkInterfaceMs);
  assert.deepEqual([trunk()?.status, world.instance(id).status], ["ATTACHED", "ACTIVE"]);
  const attribute = world.instance(id).platformAttributes.find(({ name }) => name === "ecs.awsvpc-trunk-id");
  assert.equal(attribute?.value, trunk()?.details[0]?.value);
});

test("the agent's report comes first, and late or repeated reports change nothing", () => {
  const { world, id } = trunkWorld();
  assert.equal(acknowledge(world, id, "ATTACHED"), true);
  assert.equal(world.instance(id).status, "ACTIVE");
  for (const status of ["ATTACHED", "FAILED", "DETACHED", "PRECREATED"]) {
    assert.equal(acknowledge(world, id, status), true);
    assert.deepEqual(world.documents, []);
  }
  world.pass(2 * ecsTimeline.networkInterfaceMs);
  assert.deepEqual(world.documents, []);
  const foreign = ["x", attachmentArn(place, "lab", "none"), attachmentArn(place, "other", "none")];
  for (const arn of foreign) {
    assert.equal(
      world.run((step) =>
        acknowledgeInstanceAttachment(step, { attachmentArn: arn, status: "ATTACHED", caller: world.caller }),
      ),
      false,
    );
  }
});

test("a trunk that fails or takes too long fails the registration, and the agent's next start tries again", () => {
  const failures: readonly [(world: InstanceWorld, id: string) => void, string][] = [
    [(world, id) => acknowledge(world, id, "FAILED"), "The agent could not attach the trunk network interface."],
    [(world, id) => acknowledge(world, id, "DETACHED"), "The trunk network interface was detached."],
    [(world) => world.pass(ecsTimeline.attachmentTimeoutMs), "The trunk network interface was not attached in time."],
  ];
  for (const [fail, reason] of failures) {
    const { world, id } = trunkWorld();
    fail(world, id);
    const { status, statusReason } = world.instance(id);
    assert.deepEqual([status, statusReason], ["REGISTRATION_FAILED", reason]);
    assert.deepEqual([world.events[0]?.detail.status, world.events[0]?.detail.statusReason], [status, reason]);
    world.register({ ...request, containerInstanceArn: world.instance(id).arn });
    assert.deepEqual([world.instance(id).status, world.instance(id).statusReason], ["REGISTERING", null]);
    world.pass(ecsTimeline.networkInterfaceMs);
    world.pass(ecsTimeline.networkInterfaceMs);
    assert.equal(world.instance(id).status, "ACTIVE");
    world.register({ ...request, containerInstanceArn: world.instance(id).arn });
    assert.deepEqual(world.documents, []);
  }
});

test("deregistration removes the trunk first; the instance is neither updated nor connected meanwhile", () => {
  const { world, id } = trunkWorld();
  acknowledge(world, id, "ATTACHED");
  world.connect(id);
  const { containerInstance } = world.call(deregisterContainerInstance, { containerInstance: id });
  assert.equal(containerInstance.status, "DEREGISTERING");
  assert.equal(containerInstance.agentConnected, false);
  assert.equal(containerInstance.attachments[0]?.status, "DETACHING");
  world.connect(id);
  assert.deepEqual(world.effects, [{ type: "turn-away", instanceId: id }]);
  assert.deepEqual(world.documents, []);
  assert.equal(
    world.call(updateContainerInstancesState, { containerInstances: [id], status: "DRAINING" }).failures[0]?.reason,
    "DEREGISTERING",
  );
  assert.equal(
    world.call(deregisterContainerInstance, { containerInstance: id }).containerInstance.status,
    "DEREGISTERING",
  );
  assert.deepEqual(world.documents, []);
  world.pass(ecsTimeline.networkInterfaceMs);
  assert.deepEqual([world.instance(id).status, world.instance(id).attachments[0]?.status], ["INACTIVE", "DELETED"]);
});
