/* The life of a task with an ENI of its own, on the timers that stand for the network. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { attachmentArn } from "../arn.ts";
import type { Task } from "../documents/task.ts";
import { aCluster, awsvpcDefinition, inSubnet, type SmallWorld } from "../small-world.ts";
import { ecsTimeline } from "../timeline.ts";
import { describeTask } from "./describe-task.ts";

const run = (world: SmallWorld): Task => world.runTask(awsvpcDefinition(), inSubnet);
const statusOf = (world: SmallWorld, task: Task) => world.task(task.id).lastStatus;
const attachmentStatus = (world: SmallWorld, task: Task) => world.task(task.id).attachments[0]?.status;

function confirmInterface(world: SmallWorld, task: Task): void {
  const arn = attachmentArn(world.state.place, "lab", task.attachments[0]?.id ?? "");
  world.call("SubmitTaskStateChange", { task: task.arn, attachments: [{ attachmentArn: arn, status: "ATTACHED" }] });
}

test("a task's whole life, with its attachment and what the agent gets at each stage", () => {
  const world = aCluster().withInstances(1);
  const task = run(world);
  assert.deepEqual([task.lastStatus, task.containers[0]?.lastStatus], ["PROVISIONING", "PROVISIONING"]);
  assert.deepEqual(task.attachments[0]?.details, [{ name: "subnetId", value: "subnet-1" }]);
  assert.equal(task.attachments[0]?.status, "PRECREATED");

  assert.equal(world.advanceClock(ecsTimeline.networkInterfaceMs - 1).length, 0);
  const [made] = world.advanceClock(1);
  assert.deepEqual([statusOf(world, task), attachmentStatus(world, task)], ["PENDING", "ATTACHING"]);
  assert.equal(world.task(task.id).containers[0]?.lastStatus, "PENDING");
  assert.equal(made?.effects[0]?.type, "deliver-tasks");
  const details = new Map(world.task(task.id).attachments[0]?.details.map(({ name, value }) => [name, value]));
  const address = details.get("privateIPv4Address") ?? "";
  assert.match(address, /^10\.(6[4-9]|7\d)\.\d+\.\d+$/);
  assert.match(details.get("macAddress") ?? "", /^0a(:[0-9a-f]{2}){5}$/);
  assert.match(details.get("networkInterfaceId") ?? "", /^eni-[0-9a-f]{17}$/);
  assert.deepEqual(world.task(task.id).containers[0]?.networkInterfaces, [
    { attachmentId: task.attachments[0]?.id, privateIpv4Address: address },
  ]);

  confirmInterface(world, task);
  assert.deepEqual([statusOf(world, task), attachmentStatus(world, task)], ["ACTIVATING", "ATTACHED"]);
  assert.equal(world.task(task.id).connectivity, "CONNECTED");
  confirmInterface(world, task);
  world.report(task.id, "RUNNING");
  assert.equal(statusOf(world, task), "RUNNING");

  const stop = world.call("StopTask", { task: task.id });
  assert.equal(statusOf(world, task), "DEACTIVATING");
  assert.deepEqual(stop.effects, [], "containers are stopped when the targets are gone, not before");
  const [deactivated] = world.advanceClock(ecsTimeline.networkInterfaceMs);
  assert.equal(statusOf(world, task), "STOPPING");
  assert.equal(deactivated?.effects[0]?.type, "deliver-tasks");

  world.report(task.id, "STOPPED", { executionStoppedAt: 77 });
  assert.deepEqual([statusOf(world, task), attachmentStatus(world, task)], ["DEPROVISIONING", "DETACHING"]);
  assert.equal(world.usage(0).cpu, 128, "held until STOPPED");
  world.advanceClock(ecsTimeline.networkInterfaceMs);
  assert.deepEqual([statusOf(world, task), attachmentStatus(world, task)], ["STOPPED", "DELETED"]);
  assert.equal(world.usage(0).cpu, 0);
  assert.deepEqual(
    world.events.filter(({ resources }) => resources[0] === task.arn).map(({ detail }) => detail.lastStatus),
    "PROVISIONING PENDING ACTIVATING RUNNING DEACTIVATING STOPPING DEPROVISIONING STOPPED".split(" "),
  );
  assert.equal(world.task(task.id).version, 8);
});

test("an attachment has type eni in events and ElasticNetworkInterface in the API", () => {
  const world = aCluster().withInstances(1);
  const task = run(world);
  const attachments = world.events.find(({ resources }) => resources[0] === task.arn)?.detail.attachments;
  assert.deepEqual(attachments, [
    { id: task.attachments[0]?.id, type: "eni", status: "PRECREATED", details: task.attachments[0]?.details },
  ]);
  const shown = describeTask(world.state, task, { tags: true }) as { attachments: { type: string }[] };
  assert.equal(shown.attachments[0]?.type, "ElasticNetworkInterface");
});

test("a task stopped while its ENI is being created ends without its agent", () => {
  const world = aCluster().withInstances(1, { agentConnected: true });
  const task = run(world);
  const { effects } = world.call("StopTask", { task: task.id });
  assert.deepEqual([statusOf(world, task), effects], ["DEPROVISIONING", []]);
  world.advanceClock(ecsTimeline.networkInterfaceMs);
  assert.equal(statusOf(world, task), "STOPPED");
  assert.equal(world.task(task.id).stopCode, "UserInitiated");
});

test("an agent's report about a task in PROVISIONING or DEPROVISIONING is ignored", () => {
  const world = aCluster().withInstances(1);
  const task = run(world);
  assert.deepEqual(world.report(task.id, "RUNNING").documents, []);
  world.call("StopTask", { task: task.id });
  assert.deepEqual(world.report(task.id, "STOPPED").documents, []);
  assert.equal(statusOf(world, task), "DEPROVISIONING");
});

test("an ENI that nobody confirms in time ends the task, once its agent agrees", () => {
  const world = aCluster().withInstances(1);
  const task = run(world);
  world.advanceClock(ecsTimeline.networkInterfaceMs);
  const outcomes = world.advanceClock(ecsTimeline.attachmentTimeoutMs);
  const { desiredStatus, stopCode, stoppedReason, lastStatus } = world.task(task.id);
  assert.deepEqual([desiredStatus, stopCode, lastStatus], ["STOPPED", "TaskFailedToStart", "PENDING"]);
  assert.equal(stoppedReason, "Timeout waiting for network interface provisioning to complete.");
  assert.equal(outcomes[0]?.effects[0]?.type, "deliver-tasks");
  world.report(task.id, "STOPPED", { reason: "TaskStateError: too late" });
  world.advanceClock(ecsTimeline.networkInterfaceMs);
  assert.equal(world.task(task.id).stoppedReason, "Timeout waiting for network interface provisioning to complete.");
  assert.equal(statusOf(world, task), "STOPPED");
});

test("an agent that reports RUNNING without confirming the ENI still has it", () => {
  const world = aCluster().withInstances(1);
  const task = run(world);
  world.advanceClock(ecsTimeline.networkInterfaceMs);
  world.report(task.id, "RUNNING");
  assert.deepEqual([statusOf(world, task), attachmentStatus(world, task)], ["RUNNING", "ATTACHED"]);
  assert.equal(world.task(task.id).connectivity, "CONNECTED");
  for (const { documents } of world.advanceClock(ecsTimeline.attachmentTimeoutMs * 2)) assert.deepEqual(documents, []);
});

test("confirming another task's ENI changes nothing", () => {
  const world = aCluster().withInstances(1);
  const task = run(world);
  world.advanceClock(ecsTimeline.networkInterfaceMs);
  for (const attachment of [
    { attachmentArn: attachmentArn(world.state.place, "lab", "another"), status: "ATTACHED" },
    { attachmentArn: attachmentArn(world.state.place, "lab", task.attachments[0]?.id ?? ""), status: "DETACHED" },
    {},
  ]) {
    const { documents } = world.call("SubmitTaskStateChange", { task: task.arn, attachments: [attachment] });
    assert.deepEqual(documents, []);
  }
  assert.equal(statusOf(world, task), "PENDING");
});

test("an agent that comes back during DEACTIVATING keeps the task until it gets the order to stop it", () => {
  const world = aCluster().withInstances(1);
  const task = run(world);
  world.advanceClock(ecsTimeline.networkInterfaceMs);
  world.report(task.id, "RUNNING");
  world.call("StopTask", { task: task.id });
  const { effects } = world.agent({
    type: "agent-connected",
    isNewProcess: true,
    instanceId: world.instanceId(0),
    agentVersion: null,
    agentHash: null,
    dockerVersion: null,
  });
  assert.deepEqual(effects, [
    {
      type: "deliver-manifest",
      instanceId: world.instanceId(0),
      sequence: world.state.agentSequences.get(world.instanceId(0))?.last ?? 0,
      tasks: [{ arn: task.arn, desiredStatus: "RUNNING" }],
    },
  ]);
  const asked = world.agent({
    type: "stop-candidates",
    instanceId: world.instanceId(0),
    messageId: "m",
    taskArns: [task.arn],
  });
  assert.deepEqual(asked.effects, []);
  world.advanceClock(ecsTimeline.networkInterfaceMs);
  assert.equal(statusOf(world, task), "STOPPING");
});

test("a restart forgets no timer", () => {
  const world = aCluster().withInstances(1);
  const task = run(world);
  world.restart();
  world.advanceClock(ecsTimeline.networkInterfaceMs);
  assert.equal(statusOf(world, task), "PENDING");
  world.report(task.id, "STOPPED");
  world.restart();
  world.advanceClock(ecsTimeline.networkInterfaceMs);
  assert.equal(statusOf(world, task), "STOPPED");
  world.restart();
  world.advanceClock(ecsTimeline.stoppedTaskRetentionMs);
  assert.equal(world.state.tasks.size, 0);
});
