import assert from "node:assert/strict";
import { test } from "node:test";
import { reportUpdateAnswered } from "../agents/report-update-answered.ts";
import type { AgentUpdateStatus } from "../documents/container-instance.ts";
import { compareVersions } from "./agent-update.ts";
import { describeContainerInstances } from "./describe-container-instances.ts";
import { InstanceWorld } from "./instance-world.ts";
import { updateContainerAgent } from "./update-container-agent.ts";

const answer = (world: InstanceWorld, id: string, stage: "stage" | "perform", reason: string | null = null) =>
  world.run((step) =>
    reportUpdateAnswered(step, { type: "update-answered", instanceId: id, stage, accepted: reason === null, reason }),
  );

const statusOf = (world: InstanceWorld, id: string) => world.instance(id).agentUpdate?.status;
const shownReason = (world: InstanceWorld, id: string) =>
  world.call(describeContainerInstances, { containerInstances: [id] }).containerInstances[0]?.statusReason;
const staged = (id: string, stage: string) => [
  { type: "update-agent", instanceId: id, stage, targetVersion: "1.97.0" },
];
const updates = (world: InstanceWorld) => world.effects.filter((effect) => effect.type === "update-agent");

function updating(): { world: InstanceWorld; id: string } {
  const world = new InstanceWorld();
  const id = world.add();
  world.connect(id, "1.96.0");
  assert.equal(
    world.call(updateContainerAgent, { containerInstance: id }).containerInstance.agentUpdateStatus,
    "PENDING",
  );
  return { world, id };
}

test("the agent's answers drive an update from PENDING to UPDATED", () => {
  const { world, id } = updating();
  world.pass(0);
  assert.deepEqual([statusOf(world, id), updates(world)], ["STAGING", staged(id, "stage")]);
  answer(world, id, "stage");
  assert.deepEqual([statusOf(world, id), updates(world)], ["STAGED", staged(id, "perform")]);
  answer(world, id, "stage");
  assert.deepEqual(world.documents, []);
  answer(world, id, "perform");
  assert.deepEqual([statusOf(world, id), updates(world)], ["UPDATING", []]);
  world.disconnect(id);
  world.connect(id, "1.97.0");
  assert.equal(statusOf(world, id), "UPDATED");
  assert.equal(world.instance(id).versionInfo?.agentVersion, "1.97.0");
  assert.equal(world.events[0]?.detail.agentUpdateStatus, "UPDATED");
});

test("a refusal fails the update with the agent's reason, and another update may follow", () => {
  for (const stage of ["stage", "perform"] as const) {
    const { world, id } = updating();
    world.pass(0);
    if (stage === "perform") answer(world, id, "stage");
    answer(world, id, stage, "Updates are disabled");
    assert.deepEqual(world.instance(id).agentUpdate?.reason, "Updates are disabled");
    assert.equal(statusOf(world, id), "FAILED");
    const shown = "Agent update to 1.97.0 failed: Updates are disabled";
    assert.equal(world.events.at(-1)?.detail.statusReason, shown);
    assert.equal(shownReason(world, id), shown);
    answer(world, id, stage, "again");
    assert.deepEqual(world.documents, []);
    world.call(updateContainerAgent, { containerInstance: id });
    assert.equal(statusOf(world, id), "PENDING");
    assert.equal(shownReason(world, id), null, "the next attempt has not failed");
  }
});

test("an unfinished update continues at the next connection, at its stage", () => {
  const stages: readonly [AgentUpdateStatus, AgentUpdateStatus, string | null][] = [
    ["PENDING", "STAGING", "stage"],
    ["STAGING", "STAGING", "stage"],
    ["STAGED", "STAGED", "perform"],
  ];
  for (const [before, after, stage] of stages) {
    const { world, id } = updating();
    world.disconnect(id);
    const update = world.instance(id).agentUpdate;
    assert.ok(update);
    world.set(id, { agentUpdate: { ...update, status: before } });
    world.pass(1_000);
    assert.deepEqual(world.documents, []);
    world.connect(id, "1.96.0");
    assert.deepEqual([statusOf(world, id), updates(world)], [after, stage === null ? [] : staged(id, stage)]);
  }
});

test("an update has failed if the agent comes back after UPDATING with its old version", () => {
  const { world, id } = updating();
  world.pass(0);
  answer(world, id, "stage");
  answer(world, id, "perform");
  world.connect(id, null);
  assert.equal(statusOf(world, id), "UPDATING");
  world.connect(id, "1.96.0", false);
  assert.equal(statusOf(world, id), "UPDATING", "it only lost its socket, and is about to update");
  world.connect(id, "1.96.0");
  assert.equal(statusOf(world, id), "FAILED");
  assert.equal(world.instance(id).agentUpdate?.reason, "The agent came back with version 1.96.0.");
});

test("impossible updates are refused", () => {
  const { world, id } = updating();
  const refused = (containerInstance: string, code: Parameters<typeof world.refused>[2], message: string) =>
    world.refused(updateContainerAgent, { containerInstance }, code, message);
  refused(id, "UpdateInProgressException", "An update of the container agent is already in progress.");
  const fresh = world.add();
  refused(fresh, "MissingVersionException", "The agent version of the container instance is unknown.");
  world.connect(fresh, "1.97.0");
  refused(fresh, "NoUpdateAvailableException", "There is no update for the container agent version 1.97.0.");
  refused("nobody", "InvalidParameterException", "Referenced container instance nobody not found.");
  world.set(fresh, { status: "REGISTRATION_FAILED" });
  const message = "The container instance is REGISTRATION_FAILED: its agent cannot be updated.";
  refused(fresh, "InvalidParameterException", message);
});

test("versions are compared by number", () => {
  assert.ok(compareVersions("1.9.0", "1.10.0") < 0);
  assert.equal(compareVersions("v1.96.0", "1.96"), 0);
  assert.ok(compareVersions("2.0.0-rc1", "1.99.9") > 0);
  assert.ok(compareVersions("unknown", "0.0.1") < 0);
});
