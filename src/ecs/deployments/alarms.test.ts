import assert from "node:assert/strict";
import { test } from "node:test";
import { ServiceWorld, withImage } from "../services/service-world.ts";

const aWorld = (): ServiceWorld => new ServiceWorld("alarms").withInstances(2, { cpu: 4_096, memoryMiB: 8_192 });
const watched = (rollback: boolean, enable = true) => ({
  deploymentConfiguration: { alarms: { alarmNames: ["errors", "latency"], enable, rollback } },
});
const say = (world: ServiceWorld, alarmName: string, stateValue: string) =>
  world.call("SetAlarmState", { alarmName, stateValue });
const shown = (world: ServiceWorld) => {
  const arn = world.state.serviceDeployments.get(world.rollout().serviceDeploymentId)?.arn;
  const { value } = world.call<{ serviceDeployments: { status: string; alarms: object }[] }>(
    "DescribeServiceDeployments",
    { serviceDeploymentArns: [arn] },
  );
  return value.serviceDeployments[0];
};

test("a rollout with alarms stays open for the bake time, and an alarm during it rolls back", () => {
  const world = aWorld();
  world.aService({ desiredCount: 2, ...watched(true) }, withImage("app"));
  world.play(60_000);
  assert.equal(world.target().rolloutState, "IN_PROGRESS", "all tasks are healthy, and it bakes");
  assert.equal(world.told().length, 1);
  world.untilSteady();
  assert.deepEqual(shown(world)?.alarms, {
    status: "MONITORING_COMPLETE",
    alarmNames: ["errors", "latency"],
    triggeredAlarmNames: [],
  });
  const first = world.target().id;
  world.updateService({}, withImage("app", 2));
  world.play(90_000);
  assert.equal(world.running().filter(({ taskDefinitionArn }) => taskDefinitionArn.endsWith(":2")).length, 2);
  say(world, "other", "ALARM");
  world.play(2_000);
  assert.notEqual(world.target().id, first, "an alarm that it does not name");
  say(world, "latency", "ALARM");
  world.play(2_000);
  assert.equal(world.target().id, first);
  assert.deepEqual(world.told().slice(-3, -1), [
    "(service web) (deployment ecs-svc/D) deployment failed: alarm detected.",
    "(service web) rolling back to deployment ecs-svc/D.",
  ]);
  world.restart();
  world.untilSteady();
  assert.ok(world.running().every(({ taskDefinitionArn }) => taskDefinitionArn.endsWith(":1")));
  const { status, alarms } = shown(world) ?? {};
  assert.equal(status, "ROLLBACK_SUCCESSFUL");
  assert.deepEqual(alarms, {
    status: "TRIGGERED",
    alarmNames: ["errors", "latency"],
    triggeredAlarmNames: ["latency"],
  });
});

test("an alarm already in ALARM when a deployment begins is ignored; a disabled one always is", () => {
  const world = aWorld();
  say(world, "errors", "ALARM");
  world.aService({ desiredCount: 1, ...watched(false) });
  world.untilSteady();
  assert.equal(world.target().rolloutState, "COMPLETED");
  world.aService({ serviceName: "deaf", desiredCount: 1, ...watched(false, false) });
  say(world, "latency", "ALARM");
  world.untilSteady("deaf");
});

test("without rollback, a deployment that an alarm fails stays as it is", () => {
  const world = aWorld();
  world.aService({ desiredCount: 2, ...watched(false) });
  world.play(5_000);
  say(world, "errors", "ALARM");
  world.untilRollout("FAILED");
  assert.equal(world.target().rolloutStateReason, "ECS deployment alarms: alarm detected.");
  const { value } = world.call<{ alarms: { alarmName: string; stateValue: string }[] }>("DescribeAlarms", {});
  assert.deepEqual(
    value.alarms.map(({ alarmName, stateValue }) => [alarmName, stateValue]),
    [["errors", "ALARM"]],
  );
});

test("invalid alarms are refused", () => {
  const world = aWorld();
  for (const [text, request] of [
    [/alarmName must be/, { stateValue: "OK" }],
    [/stateValue should be one of \[OK,ALARM,INSUFFICIENT_DATA\]/, { alarmName: "errors", stateValue: "RED" }],
    [/stateReason must be at most/, { alarmName: "errors", stateValue: "OK", stateReason: "x".repeat(1_025) }],
  ] as const) {
    world.refused("InvalidParameterException", text, "SetAlarmState", request);
  }
  for (const [text, alarms] of [
    [/must have alarmNames, enable and rollback/, { enable: true, alarmNames: ["a"] }],
    [/at least one of alarmNames/, { enable: true, rollback: true, alarmNames: [] }],
    [/at most 10 names/, { enable: true, rollback: true, alarmNames: Array.from({ length: 11 }, (_, n) => `a${n}`) }],
  ] as const) {
    const request = { serviceName: "web", desiredCount: 1, deploymentConfiguration: { alarms } };
    world.refused("InvalidParameterException", text, "CreateService", request, withImage("app"));
  }
});

test("an alarm that is over within a second has failed the deployment; services that don't name it get no look", () => {
  const world = aWorld();
  world.aService({ desiredCount: 1, ...watched(true) }, withImage("app"));
  world.aService({ serviceName: "other", desiredCount: 1 }, withImage("app"));
  world.untilSteady();
  world.untilSteady("other");
  const first = world.target().id;
  world.updateService({}, withImage("app", 2));
  world.play(10_000);
  say(world, "errors", "ALARM");
  const { looks } = world.state.serviceIndex;
  assert.deepEqual(looks.takeDue(world.now), ["web"]);
  looks.at("web", 0);
  world.advanceClock(0);
  say(world, "errors", "OK");
  world.untilSteady();
  assert.equal(world.target().id, first);
});

test("an alarm during a rollback that an alarm started ends the rollback, and nothing more is tried", () => {
  const world = aWorld();
  world.aService({ desiredCount: 2, ...watched(true) }, withImage("app"));
  world.untilSteady();
  world.updateService({}, withImage("app", 2));
  world.play(30_000);
  say(world, "errors", "ALARM");
  world.play(2_000);
  assert.equal(shown(world)?.status, "ROLLBACK_IN_PROGRESS");
  say(world, "latency", "ALARM");
  world.play(2_000);
  assert.equal(shown(world)?.status, "ROLLBACK_FAILED");
  assert.equal(world.target().rolloutState, "FAILED");
  const lines = world.told().length;
  world.play(600_000);
  assert.equal(world.told().length, lines);
});
