import assert from "node:assert/strict";
import { test } from "node:test";
import { reportInstanceStatus } from "../agents/report-instance-status.ts";
import type { HealthState } from "../documents/container-instance.ts";
import { limits } from "../limits.ts";
import { ecsTimeline } from "../timeline.ts";
import { deregisterContainerInstance } from "./deregister-container-instance.ts";
import { describeContainerInstances } from "./describe-container-instances.ts";
import { InstanceWorld } from "./instance-world.ts";

type Type = "CONTAINER_RUNTIME" | "DAEMON";

function report(world: InstanceWorld, id: string, statuses: Partial<Record<Type, HealthState>>, at = world.now): void {
  const checks = (Object.keys(statuses) as Type[]).map((type) => {
    return { type, status: statuses[type] ?? "OK", statusReason: null, reportedAt: at };
  });
  world.run((step) => reportInstanceStatus(step, { type: "instance-status", instanceId: id, checks }));
}

function health(world: InstanceWorld, id: string) {
  const request = { containerInstances: [id], include: ["CONTAINER_INSTANCE_HEALTH"] };
  const status = world.call(describeContainerInstances, request).containerInstances[0]?.healthStatus;
  assert.ok(status);
  return status;
}

test("health is INITIALIZING before the first report, then as reported, without version or event", () => {
  const world = new InstanceWorld();
  const id = world.add();
  assert.deepEqual(health(world, id), {
    overallStatus: "INITIALIZING",
    details: [
      {
        type: "CONTAINER_RUNTIME",
        status: "INITIALIZING",
        statusReason: null,
        lastUpdated: world.now,
        lastStatusChange: world.now,
      },
    ],
  });
  world.now += 1_000;
  report(world, id, { CONTAINER_RUNTIME: "OK" });
  assert.equal(health(world, id).overallStatus, "OK");
  assert.deepEqual([world.events, world.instance(id).version], [[], 1]);
});

test("the overall status is the worst check's, and lastStatusChange changes only with the status", () => {
  const world = new InstanceWorld();
  const id = world.add();
  const start = world.now;
  report(world, id, { CONTAINER_RUNTIME: "OK", DAEMON: "OK" });
  world.now += 30_000;
  report(world, id, { DAEMON: "IMPAIRED", CONTAINER_RUNTIME: "OK" });
  const { overallStatus, details } = health(world, id);
  assert.equal(overallStatus, "IMPAIRED");
  assert.deepEqual(
    details.map(({ type, lastUpdated, lastStatusChange }) => [type, lastUpdated - start, lastStatusChange - start]),
    [
      ["CONTAINER_RUNTIME", 30_000, 0],
      ["DAEMON", 30_000, 30_000],
    ],
  );
  const worst: readonly [HealthState, HealthState, HealthState][] = [
    ["OK", "INITIALIZING", "INITIALIZING"],
    ["INITIALIZING", "INSUFFICIENT_DATA", "INSUFFICIENT_DATA"],
    ["INSUFFICIENT_DATA", "IMPAIRED", "IMPAIRED"],
  ];
  for (const [a, b, expected] of worst) {
    world.now += 1_000;
    report(world, id, { CONTAINER_RUNTIME: a, DAEMON: b });
    assert.equal(health(world, id).overallStatus, expected);
  }
});

test("health is INSUFFICIENT_DATA once reports have stayed away too long, until the next one", () => {
  const world = new InstanceWorld();
  const id = world.add();
  report(world, id, { CONTAINER_RUNTIME: "IMPAIRED" });
  const silentAt = world.now + limits.healthReportTimeoutMs;
  world.now = silentAt - 1;
  assert.equal(health(world, id).overallStatus, "IMPAIRED");
  world.now = silentAt + 5_000;
  const { overallStatus, details } = health(world, id);
  assert.deepEqual([overallStatus, details[0]?.lastStatusChange], ["INSUFFICIENT_DATA", silentAt]);
  report(world, id, { CONTAINER_RUNTIME: "IMPAIRED" });
  assert.deepEqual(
    [health(world, id).overallStatus, health(world, id).details[0]?.lastStatusChange],
    ["IMPAIRED", world.now],
  );
});

test("repeated, late and foreign reports change nothing; a wrong clock does no harm", () => {
  const world = new InstanceWorld();
  const id = world.add();
  report(world, id, { CONTAINER_RUNTIME: "OK" });
  report(world, id, { CONTAINER_RUNTIME: "IMPAIRED" });
  assert.deepEqual(world.documents, []);
  report(world, id, { CONTAINER_RUNTIME: "IMPAIRED" }, world.now - 1);
  assert.deepEqual(world.documents, []);
  report(world, "nobody", { CONTAINER_RUNTIME: "OK" });
  assert.deepEqual(world.documents, []);
  world.now += 1_000;
  report(world, id, { CONTAINER_RUNTIME: "OK" }, world.now + 3_600_000);
  assert.equal(health(world, id).details[0]?.lastUpdated, world.now);
  const late = world.add();
  report(world, late, { CONTAINER_RUNTIME: "OK" }, world.now - 3_600_000);
  assert.equal(health(world, late).overallStatus, "OK");
  world.call(deregisterContainerInstance, { containerInstance: id });
  world.now += 1_000;
  report(world, id, { CONTAINER_RUNTIME: "OK" });
  assert.deepEqual(world.documents, []);
  world.pass(ecsTimeline.inactiveInstanceRetentionMs);
  assert.equal(world.state.health.get(id), undefined);
});
