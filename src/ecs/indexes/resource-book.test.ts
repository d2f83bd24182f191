import assert from "node:assert/strict";
import { test } from "node:test";
import type { Task } from "../documents/task.ts";
import { aCluster, aDefinition } from "../small-world.ts";
import { instancesTouched, ResourceBook } from "./resource-book.ts";

const base = aCluster().withInstances(1).runTask(aDefinition());
const instanceId = base.instanceId ?? "";

/** A task that holds these host ports, by report or by reservation. */
function holding(id: string, ports: readonly number[], fixed: readonly number[] = []): Task {
  const networkBindings = ports.map((hostPort) => ({
    bindIP: "0.0.0.0",
    containerPort: 80,
    hostPort,
    containerPortRange: null,
    hostPortRange: null,
    protocol: "tcp" as const,
  }));
  return {
    ...base,
    id,
    containers: base.containers.map((container) => ({ ...container, networkBindings })),
    reservation: { ...base.reservation, tcpPorts: fixed },
  };
}
const stopped = (task: Task): Task => ({ ...task, lastStatus: "STOPPED" });

test("a port is in use until its last holder releases it", () => {
  const book = new ResourceBook();
  const [one, two] = [holding("1", [8080]), holding("2", [8080], [8080])];
  book.onTaskChange(undefined, one);
  book.onTaskChange(undefined, two);
  assert.equal(book.usageOf(instanceId).tcpPorts.get(8080), 2, "a task that reserved and reported it holds it once");
  book.onTaskChange(one, stopped(one));
  assert.equal(book.usageOf(instanceId).tcpPorts.get(8080), 1);
  book.onTaskChange(two, stopped(two));
  assert.equal(book.usageOf(instanceId).tcpPorts.size, 0);
});

test("an instance is touched when its usage changes, not when a task only changes status", () => {
  const task = holding("1", []);
  assert.deepEqual(instancesTouched(undefined, task), [instanceId]);
  const running: Task = { ...task, lastStatus: "RUNNING", containers: holding("1", []).containers };
  assert.deepEqual(instancesTouched(task, running), []);
  const told = { ...running, containers: holding("1", [1]).containers };
  assert.deepEqual(instancesTouched(running, told), [instanceId]);
  assert.deepEqual(instancesTouched(told, stopped(told)), [instanceId]);
  assert.deepEqual(instancesTouched(undefined, stopped(told)), []);
});

test("a UDP port touches its instance; a task with its own ENI takes no port there", () => {
  const book = new ResourceBook();
  const inUdp = (task: Task): Task => ({
    ...task,
    containers: task.containers.map((container) => ({
      ...container,
      networkBindings: container.networkBindings.map((binding) => ({ ...binding, protocol: "udp" })),
    })),
  });
  const [none, one, other] = [holding("1", []), inUdp(holding("1", [53])), inUdp(holding("1", [54]))];
  const told = (task: Task): Task => ({ ...task, reservation: none.reservation });
  book.onTaskChange(undefined, none);
  book.onTaskChange(none, told(one));
  assert.deepEqual([...book.usageOf(instanceId).udpPorts], [[53, 1]]);
  assert.deepEqual(instancesTouched(none, told(one)), [instanceId]);
  assert.deepEqual(instancesTouched(told(one), told(other)), [instanceId]);
  const attachments: Task["attachments"] = [
    { id: "e", type: "ElasticNetworkInterface", status: "ATTACHED", details: [] },
  ];
  book.onTaskChange(undefined, { ...holding("2", [8080]), attachments });
  assert.equal(book.usageOf(instanceId).tcpPorts.size, 0);
});

test("a task that moves to another instance releases the first", () => {
  const book = new ResourceBook();
  const task = holding("1", [1], [2]);
  const moved = { ...task, instanceId: "other" };
  book.onTaskChange(undefined, task);
  book.onTaskChange(task, moved);
  assert.deepEqual(instancesTouched(task, moved), [instanceId, "other"]);
  assert.equal(book.usageOf(instanceId).cpu, 0);
  assert.deepEqual([book.usageOf("other").cpu, book.usageOf("other").tcpPorts.size], [128, 2]);
  assert.deepEqual(book.usageOf("nobody").taskIds, new Set());
});

test("releasing what nobody holds is a bug", () => {
  const book = new ResourceBook();
  assert.throws(() => book.onTaskChange(base, undefined), /usage of an instance/);
  book.onTaskChange(undefined, base);
  assert.throws(() => book.onTaskChange({ ...base, id: "2" }, undefined), /released once/);
});
