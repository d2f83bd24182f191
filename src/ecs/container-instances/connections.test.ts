// Agents' connections: what is announced, what is delivered, and what a restart of the control plane does.
import assert from "node:assert/strict";
import { test } from "node:test";
import { limits } from "../limits.ts";
import { InstanceWorld } from "./instance-world.ts";
import { expireReconnects, recoverConnections } from "./recover-connections.ts";

test("a connection is announced with the versions, repeated news is not, and the agent gets its tasks each time", () => {
  const world = new InstanceWorld();
  const id = world.add();
  world.connect(id);
  assert.deepEqual([world.events[0]?.detail.agentConnected, world.events[0]?.detail.version], [true, 2]);
  assert.deepEqual(world.events[0]?.detail.versionInfo, {
    agentHash: "1a2b3c4d",
    agentVersion: "1.96.0",
    dockerVersion: "DockerVersion: 25.0.8",
  });
  const sequence = world.now + 1;
  const manifest = { type: "deliver-manifest", instanceId: id, sequence, tasks: [] };
  assert.deepEqual(world.effects, [manifest]);
  world.connect(id);
  const number = { kind: "agent-sequence", key: id, value: { last: sequence + 1 } };
  const again = { ...manifest, sequence: sequence + 1 };
  assert.deepEqual([world.events, world.documents, world.effects], [[], [number], [again]]);
  world.disconnect(id);
  assert.deepEqual([world.instance(id).agentConnected, world.instance(id).version], [false, 3]);
  world.disconnect(id);
  assert.deepEqual([world.events, world.documents], [[], []]);
  assert.equal(world.instance(id).status, "ACTIVE");
});

test("the agent of a forgotten instance is turned away", () => {
  const world = new InstanceWorld();
  world.connect("gone");
  assert.deepEqual(world.effects, [{ type: "turn-away", instanceId: "gone" }]);
});

test("after a restart, connected instances stay connected for a grace time, then those still away are disconnected", () => {
  const world = new InstanceWorld();
  const [back, away, never] = [world.add(), world.add(), world.add()];
  world.connect(back);
  world.connect(away);
  world.run(recoverConnections);
  assert.deepEqual([...world.state.awaitingReconnect.keys()].sort(), [back, away].sort());
  assert.equal(world.state.nextDueAt(), world.now + limits.reconnectGraceMs);
  world.connect(back);
  assert.deepEqual(
    world.documents.map(({ kind }) => kind),
    ["agent-sequence"],
  );
  world.now += limits.reconnectGraceMs - 1;
  world.run(expireReconnects);
  assert.deepEqual([world.documents, world.instance(away).agentConnected], [[], true]);
  world.now += 1;
  world.run(expireReconnects);
  assert.deepEqual(
    world.events.map((event) => event.resources),
    [[world.instance(away).arn]],
  );
  assert.deepEqual(
    [back, away, never].map((id) => world.instance(id).agentConnected),
    [true, false, false],
  );
  assert.equal(world.state.awaitingReconnectUntil.get(), null);
});

test("the grace time ends early when all agents are back, and a restart without connections has none", () => {
  const world = new InstanceWorld();
  const id = world.add();
  world.run(recoverConnections);
  assert.equal(world.state.awaitingReconnectUntil.get(), null);
  world.connect(id);
  world.run(recoverConnections);
  world.disconnect(id);
  assert.equal(world.instance(id).agentConnected, false);
  assert.equal(world.state.awaitingReconnectUntil.get(), null);
});
