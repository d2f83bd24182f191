import assert from "node:assert/strict";
import { test } from "node:test";
import { isoTime } from "../events/iso-time.ts";
import { containerInstanceEventDetail } from "./container-instance-event.ts";
import { InstanceWorld, prefix } from "./instance-world.ts";

test("the event leaves out absent members, has resources by type alone, and times as texts", () => {
  const world = new InstanceWorld();
  const id = world.add({
    attributes: [{ name: "ecs.capability.task-eni" }, { name: "stack", value: "prod" }],
    totalResources: [
      { name: "CPU", type: "INTEGER", integerValue: 2_048 },
      { name: "bandwidth", type: "DOUBLE", doubleValue: 1.5 },
      { name: "licences", type: "LONG", longValue: 3 },
    ],
  });
  world.place(id, { cpu: 256, tcpPorts: [8080] });
  const event = world.events.find((candidate) => candidate.detailType === "ECS Container Instance State Change");
  assert.deepEqual(event?.attributesIn, 1, "the stored event leaves its attributes to the one of the registration");
  world.run((step) => {
    const whole = containerInstanceEventDetail(step.state, step.now, world.instance(id), { attributes: true });
    assert.deepEqual(whole.attributes, [
      { name: "ecs.availability-zone", value: "eu-central-1a" },
      { name: "ecs.os-type", value: "linux" },
      { name: "ecs.capability.task-eni" },
      { name: "stack", value: "prod" },
    ]);
  });
  const ports = ["22", "2375", "2376", "51678", "51679"];
  const others = [
    { name: "bandwidth", type: "DOUBLE", doubleValue: 1.5 },
    { name: "licences", type: "LONG", longValue: 3 },
    { name: "MEMORY", type: "INTEGER", integerValue: 7_680 },
  ];
  assert.deepEqual(event?.detail, {
    agentConnected: false,
    clusterArn: `${prefix}cluster/lab`,
    containerInstanceArn: world.instance(id).arn,
    ec2InstanceId: world.instance(id).ec2InstanceId,
    registeredAt: isoTime(world.now),
    registeredResources: [
      { name: "CPU", type: "INTEGER", integerValue: 2_048 },
      ...others,
      { name: "PORTS", type: "STRINGSET", stringSetValue: ports },
      { name: "PORTS_UDP", type: "STRINGSET", stringSetValue: [] },
    ],
    remainingResources: [
      { name: "CPU", type: "INTEGER", integerValue: 1_792 },
      ...others,
      { name: "PORTS", type: "STRINGSET", stringSetValue: [...ports, "8080"] },
      { name: "PORTS_UDP", type: "STRINGSET", stringSetValue: [] },
    ],
    status: "ACTIVE",
    updatedAt: isoTime(world.now),
    version: 2,
    versionInfo: {},
  });
});
