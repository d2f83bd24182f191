import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Container, Task } from "../documents/task.ts";
import { limits } from "../limits.ts";
import { aCluster, aDefinition, type SmallWorld } from "../small-world.ts";

const two = aDefinition({ containers: [{ name: "app" }, { name: "side", essential: false }] });

function submit(world: SmallWorld, task: Task, request: object) {
  return world.call("SubmitTaskStateChange", { cluster: "lab", task: task.arn, reason: "", ...request });
}
const container = (world: SmallWorld, task: Task, name = "app"): Container | undefined =>
  world.task(task.id).containers.find((each) => each.name === name);

test("a task goes from PENDING over RUNNING to STOPPED, with everything that the agent reports", () => {
  const world = aCluster().withInstances(1);
  const task = world.runTask();
  const bindings = [{ bindIP: "0.0.0.0", containerPort: 80, hostPort: 32768, protocol: "tcp" }];
  world.now += 5;
  const reply = submit(world, task, {
    status: "RUNNING",
    pullStartedAt: 1,
    pullStoppedAt: 2,
    containers: [
      { containerName: "app", status: "RUNNING", runtimeId: "r", imageDigest: "sha256:a", networkBindings: bindings },
    ],
  });
  assert.deepEqual(reply.value, { acknowledgment: "ok" });
  const running = world.task(task.id);
  assert.deepEqual([running.lastStatus, running.startedAt], ["RUNNING", world.now]);
  assert.deepEqual([running.pullStartedAt, running.pullStoppedAt], [1, 2]);
  assert.deepEqual(running.containers[0]?.networkBindings, [
    { ...bindings[0], containerPortRange: null, hostPortRange: null },
  ]);
  assert.deepEqual([running.containers[0]?.runtimeId, running.containers[0]?.imageDigest], ["r", "sha256:a"]);
  world.now += 5;
  submit(world, task, {
    status: "STOPPED",
    executionStoppedAt: 3,
    containers: [{ containerName: "app", status: "STOPPED", exitCode: 3 }],
  });
  const stopped = world.task(task.id);
  assert.deepEqual(
    [stopped.stopCode, stopped.stoppedReason],
    ["EssentialContainerExited", "Essential container in task exited"],
  );
  assert.deepEqual([stopped.executionStoppedAt, stopped.stoppedAt, stopped.desiredStatus], [3, world.now, "STOPPED"]);
  assert.deepEqual([stopped.containers[0]?.exitCode, stopped.containers[0]?.runtimeId], [3, "r"]);
});

test("a task STOPPED before RUNNING failed to start, with the reason at its container", () => {
  const world = aCluster().withInstances(1);
  const task = world.runTask();
  const reason = "CannotPullContainerError: no such image";
  submit(world, task, { status: "STOPPED", containers: [{ containerName: "app", status: "STOPPED", reason }] });
  const { stopCode, stoppedReason, startedAt } = world.task(task.id);
  assert.deepEqual([stopCode, stoppedReason, startedAt], ["TaskFailedToStart", "Task failed to start", null]);
  assert.deepEqual([container(world, task)?.reason, container(world, task)?.exitCode], [reason, null]);
});

test("the agent's own reason becomes the task's if nobody else gave one, cut at 1,024 characters", () => {
  const world = aCluster().withInstances(1);
  const task = world.runTask();
  submit(world, task, { status: "STOPPED", reason: "x".repeat(2000) });
  assert.equal(world.task(task.id).stoppedReason, "x".repeat(1024));
  const running = world.runningTask();
  submit(world, running, { status: "STOPPED", reason: "HostGone: why", containers: [] });
  assert.deepEqual(
    [world.task(running.id).stopCode, world.task(running.id).stoppedReason],
    ["EssentialContainerExited", "HostGone: why"],
  );
});

test("one report may have several entries for a container, applied in order", () => {
  const world = aCluster().withInstances(1);
  const task = world.runTask(two);
  submit(world, task, {
    status: "RUNNING",
    containers: [
      { containerName: "app", status: "RUNNING", exitCode: 9 },
      { containerName: "side", status: "RUNNING" },
      { containerName: "side", status: "STOPPED", exitCode: 0 },
    ],
  });
  assert.deepEqual([container(world, task)?.lastStatus, container(world, task)?.exitCode], ["RUNNING", null]);
  const side = container(world, task, "side");
  assert.deepEqual([side?.lastStatus, side?.exitCode], ["STOPPED", 0]);
  assert.equal(world.task(task.id).lastStatus, "RUNNING", "a container that is not essential may go");
});

test("when an essential container exits the task should stop, although others still run", () => {
  const world = aCluster().withInstances(1);
  const task = world.runningTask(two);
  const exit = { containerName: "app", status: "STOPPED", exitCode: 3 };
  const { events, effects } = submit(world, task, { status: "RUNNING", containers: [exit] });
  const { desiredStatus, lastStatus, stopCode, stoppedReason, stoppingAt } = world.task(task.id);
  assert.deepEqual([desiredStatus, lastStatus, stoppingAt], ["STOPPED", "STOPPING", world.now]);
  assert.deepEqual([stopCode, stoppedReason], ["EssentialContainerExited", "Essential container in task exited"]);
  assert.equal(container(world, task, "side")?.lastStatus, "RUNNING");
  assert.deepEqual([events.length, effects.map(({ type }) => type)], [1, ["deliver-tasks"]]);
  assert.deepEqual(submit(world, task, { status: "RUNNING", containers: [exit] }).documents, []);
  submit(world, task, { status: "STOPPED" });
  assert.deepEqual([world.task(task.id).lastStatus, world.task(task.id).stopCode], ["STOPPED", stopCode]);
});

test("an essential container that ran and exited before the others began counts as an exit, not as a failure to start", () => {
  const world = aCluster().withInstances(1);
  const exit = { containerName: "app", status: "STOPPED", exitCode: 3 };
  const early = world.runTask(two);
  world.call("SubmitContainerStateChange", { cluster: "lab", task: early.arn, ...exit });
  assert.deepEqual([world.task(early.id).lastStatus, world.task(early.id).desiredStatus], ["PENDING", "STOPPED"]);
  const late = world.runTask(two);
  for (const { id } of [early, late]) {
    submit(world, world.task(id), { status: "STOPPED", containers: [exit] });
    const { lastStatus, stopCode, startedAt } = world.task(id);
    assert.deepEqual([lastStatus, stopCode, startedAt], ["STOPPED", "EssentialContainerExited", null]);
  }
  const failed = world.runTask(two);
  const reason = "CannotPullContainerError: no such image";
  const killed = { containerName: "app", status: "STOPPED", exitCode: 137 };
  submit(world, failed, { status: "STOPPED", containers: [{ ...exit, containerName: "side", reason }, killed] });
  assert.equal(world.task(failed.id).stopCode, "EssentialContainerExited", "a reason beside an exit code is one of it");
  const never = world.runTask(two);
  submit(world, never, {
    status: "STOPPED",
    containers: [{ containerName: "side", status: "STOPPED", reason }, killed],
  });
  assert.equal(world.task(never.id).stopCode, "TaskFailedToStart");
});

test("of absurdly many ports in a report, a limited number is booked", () => {
  const world = aCluster().withInstances(1);
  const task = world.runTask();
  const networkBindings = Array.from({ length: 2_000 }, (_, i) =>
    i === 0 ? { hostPortRange: "1-65535", protocol: "tcp" } : { hostPort: 100, protocol: "tcp" },
  );
  submit(world, task, {
    status: "RUNNING",
    containers: [{ containerName: "app", status: "RUNNING", networkBindings }],
  });
  assert.equal(container(world, task)?.networkBindings.length, 499);
  assert.deepEqual([...world.usage(0).tcpPorts.keys()], [100]);
});

test("all containers of a task share the limit of bindings", () => {
  const world = aCluster().withInstances(1);
  const task = world.runTask(two);
  const bindings = (length: number) => Array.from({ length }, (_, i) => ({ hostPort: 40_000 + i, protocol: "tcp" }));
  const report = (containerName: string, length: number) =>
    submit(world, task, { containers: [{ containerName, status: "RUNNING", networkBindings: bindings(length) }] });
  report("app", limits.networkBindingsPerTask - 100);
  report("side", 200);
  const counts = () => world.task(task.id).containers.map(({ networkBindings }) => networkBindings.length);
  assert.deepEqual(counts(), [400, 100]);
  report("app", 10);
  report("side", 200);
  assert.deepEqual(counts(), [10, 200]);
});

test("only plausible port ranges of a report are booked", () => {
  const world = aCluster().withInstances(1);
  const task = world.runTask();
  const ranges = ["8000-8002", "5--9", "0.5-3", "-1-5", "1e2-150", "9-8", "0-3", "65535-65536", "x", ""];
  const networkBindings = ranges.map((hostPortRange) => ({ hostPortRange, protocol: "tcp" }));
  networkBindings.push({ hostPortRange: "9000-9001", containerPortRange: "1--1", protocol: "tcp" } as never);
  submit(world, task, {
    status: "RUNNING",
    containers: [{ containerName: "app", status: "RUNNING", networkBindings }],
  });
  assert.deepEqual([...world.usage(0).tcpPorts.keys()], [8_000, 8_001, 8_002]);
});

test("a change of one container alone is announced", () => {
  const world = aCluster().withInstances(1);
  const task = world.runningTask(two);
  const report = { status: "RUNNING", containers: [{ containerName: "side", status: "STOPPED", exitCode: 1 }] };
  assert.equal(submit(world, task, report).events.length, 1);
  assert.equal(submit(world, task, report).events.length, 0);
});

test("PENDING reports digests and moves nothing back", () => {
  const world = aCluster().withInstances(1);
  const task = world.runTask();
  const report = {
    status: "PENDING",
    containers: [{ containerName: "app", status: "PENDING", imageDigest: "sha256:a" }],
  };
  submit(world, task, report);
  assert.deepEqual([world.task(task.id).lastStatus, container(world, task)?.imageDigest], ["PENDING", "sha256:a"]);
  world.report(task.id, "RUNNING");
  assert.deepEqual(submit(world, task, report).documents, []);
  assert.deepEqual([world.task(task.id).lastStatus, container(world, task)?.lastStatus], ["RUNNING", "RUNNING"]);
});

test("late, repeated and foreign reports are acknowledged and change nothing", () => {
  const world = aCluster().withInstances(1);
  const task = world.runTask();
  const unknown = { ...task, arn: task.arn.replace(task.id, "f".repeat(32)) };
  const nothing = (request: object, of = task) => {
    const { value, documents, events, effects } = submit(world, of, request);
    assert.deepEqual([value, documents, events, effects], [{ acknowledgment: "ok" }, [], [], []]);
  };
  nothing({ status: "STOPPED" }, unknown);
  nothing({ status: "STOPPED" }, { ...task, arn: task.arn.replace("/lab/", "/other/") });
  nothing({ containers: [{ containerName: "nobody", status: "STOPPED" }, {}] });
  nothing({ status: "MOVED" });
  world.report(task.id, "RUNNING");
  nothing({ status: "RUNNING", containers: [{ containerName: "app", status: "RUNNING" }] });
  nothing({ status: "PENDING" });
  world.report(task.id, "STOPPED");
  nothing({ status: "RUNNING", containers: [{ containerName: "app", status: "RUNNING" }] });
  nothing({
    status: "STOPPED",
    reason: "again",
    containers: [{ containerName: "app", status: "STOPPED", exitCode: 4 }],
  });
  world.refused("InvalidParameterException", "Task cannot be empty.", "SubmitTaskStateChange", { status: "RUNNING" });
});

test("the first STOPPED of a container counts, and times are not set twice", () => {
  const world = aCluster().withInstances(1);
  const task = world.runningTask(two);
  const side = (exitCode: number) => ({ containerName: "side", status: "STOPPED", exitCode });
  submit(world, task, { status: "RUNNING", pullStartedAt: 1, containers: [side(1)] });
  submit(world, task, { status: "RUNNING", pullStartedAt: 9, containers: [side(2)] });
  assert.equal(container(world, task, "side")?.exitCode, 1);
  assert.equal(world.task(task.id).pullStartedAt, 1);
});

test("RUNNING for a task that should stop: it ran, and gets the order to stop again", () => {
  const world = aCluster().withInstances(1);
  const task = world.runTask();
  world.call("StopTask", { task: task.id });
  const { effects } = world.report(task.id, "RUNNING");
  assert.equal(effects[0]?.type, "deliver-tasks");
  const { lastStatus, startedAt } = world.task(task.id);
  assert.deepEqual([lastStatus, startedAt], ["STOPPING", world.now]);
  world.report(task.id, "STOPPED");
  assert.equal(world.task(task.id).stopCode, "UserInitiated");
});

test("dynamic host ports are in use from the agent's report until the task is STOPPED", () => {
  const dynamic = aDefinition({
    containers: [{ portMappings: [{ containerPort: 80 }, { containerPort: 81, hostPort: 0 }] }],
  });
  const world = aCluster().withInstances(1, { ports: ["22"] });
  const task = world.runTask(dynamic);
  const portsShown = () => {
    const { detail } = world.events.findLast(({ resources }) => resources[0] === world.instance(0).arn) ?? {};
    const resources = (detail?.remainingResources ?? []) as { name: string; stringSetValue?: string[] }[];
    return resources.filter(({ name }) => name.startsWith("PORTS")).map(({ stringSetValue }) => stringSetValue);
  };
  assert.deepEqual(portsShown(), [["22"], []]);
  const networkBindings = [
    { bindIP: "0.0.0.0", containerPort: 80, hostPort: 32768, protocol: "tcp" },
    { bindIP: "::", containerPort: 80, hostPort: 32768, protocol: "tcp" },
    { bindIP: "0.0.0.0", containerPort: 53, hostPort: 32768, protocol: "udp" },
    { bindIP: "0.0.0.0", containerPortRange: "90-91", hostPortRange: "40000-40001", protocol: "tcp" },
  ];
  const report = { containers: [{ containerName: "app", status: "RUNNING", networkBindings }] };
  const { events } = submit(world, task, { status: "RUNNING", ...report });
  assert.equal(events.length, 2, "the instance is announced with its ports");
  assert.deepEqual(portsShown(), [["22", "32768", "40000", "40001"], ["32768"]]);
  assert.equal(world.usage(0).fixedPorts, 0);
  assert.equal(submit(world, task, report).events.length, 0);
  world.report(task.id, "STOPPED");
  assert.deepEqual(portsShown(), [["22"], []]);
});

test("an instance is announced when what it has left changes, and only then", () => {
  const world = aCluster().withInstances(2);
  const task = world.runTask();
  const announced = (events: readonly { resources: readonly string[] }[]) =>
    events.filter(({ resources }) => resources[0]?.includes(":container-instance/")).length;
  assert.equal(announced(world.report(task.id, "RUNNING").events), 0);
  assert.equal(announced(world.call("StopTask", { task: task.id }).events), 0);
  world.restart();
  const other = world.runTask();
  world.restart();
  assert.equal(announced(world.report(task.id, "STOPPED").events), 1);
  world.restart();
  assert.equal(announced(world.report(other.id, "RUNNING").events), 0, "not because of a restart either");
});

test("SubmitContainerStateChange reports one container and leaves the task's status alone", () => {
  const world = aCluster().withInstances(1);
  const task = world.runTask(two);
  const report = { cluster: "lab", task: task.arn, containerName: "side", status: "STOPPED", exitCode: 5, reason: "r" };
  assert.deepEqual(world.call("SubmitContainerStateChange", report).value, { acknowledgment: "ok" });
  const side = container(world, task, "side");
  assert.deepEqual([side?.lastStatus, side?.exitCode, side?.reason], ["STOPPED", 5, "r"]);
  assert.equal(world.task(task.id).lastStatus, "PENDING");
  assert.deepEqual(world.call("SubmitContainerStateChange", report).documents, []);
});

test("reports in any order and number only move forward, to one final STOPPED", () => {
  const status = fc.constantFrom("PENDING", "RUNNING", "STOPPED", undefined);
  const entry = fc.record({
    containerName: fc.constantFrom("app", "side", "nobody"),
    status,
    exitCode: fc.constantFrom(undefined, 0, 1),
    reason: fc.constantFrom(undefined, "", "why"),
    networkBindings: fc.constantFrom(undefined, [], [{ hostPort: 1 }], [{ hostPort: 2, protocol: "udp" }]),
  });
  const report = fc.record({ status, containers: fc.array(entry, { maxLength: 3 }), pullStartedAt: fc.nat(3) });
  fc.assert(
    fc.property(fc.array(fc.oneof(report, fc.constant("stop" as const)), { maxLength: 12 }), (reports) => {
      const world = aCluster().withInstances(1);
      const task = world.runTask(two);
      for (const each of reports) {
        world.now += 1;
        if (each === "stop") world.call("StopTask", { task: task.id });
        else submit(world, task, each);
      }
      world.report(task.id, "STOPPED");
      assert.deepEqual([world.task(task.id).lastStatus, world.usage(0).taskIds.size], ["STOPPED", 0]);
    }),
    { numRuns: 60 },
  );
});
