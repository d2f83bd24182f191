import assert from "node:assert/strict";
import { test } from "node:test";
import { putAttributes } from "../attributes/put-attributes.ts";
import { deregisterContainerInstance } from "./deregister-container-instance.ts";
import { document, InstanceWorld, prefix } from "./instance-world.ts";
import { registerContainerInstance } from "./register-container-instance.ts";

const cpu = (integerValue: number) => [{ name: "CPU", type: "INTEGER", integerValue }];

test("ARN, registeredAt and custom attributes stay; resources and the agent's attributes are refreshed", () => {
  const world = new InstanceWorld();
  const first = world.register({
    instanceIdentityDocument: document(),
    attributes: [{ name: "stack", value: "prod" }, { name: "ecs.capability.old" }],
    totalResources: cpu(2_048),
  });
  const arn = first.containerInstanceArn;
  world.call(putAttributes, { attributes: [{ name: "rack", value: "r1", targetId: arn }] });
  world.now += 1_000;
  const again = world.register({
    containerInstanceArn: arn,
    instanceIdentityDocument: document(),
    attributes: [{ name: "ecs.capability.new" }],
    totalResources: cpu(1_024),
  });
  assert.equal(again.containerInstanceArn, arn);
  assert.equal(again.registeredAt, first.registeredAt);
  assert.equal(again.version, first.version + 2);
  const names = again.attributes.map((attribute) => attribute.name);
  assert.ok(["stack", "rack", "ecs.capability.new", "ecs.ami-id"].every((name) => names.includes(name)));
  assert.ok(!names.includes("ecs.capability.old"));
  assert.equal(again.registeredResources[0]?.integerValue, 1_024);
});

test("a re-registration without changes writes and announces nothing", () => {
  const world = new InstanceWorld();
  const request = { instanceIdentityDocument: document(), attributes: [{ name: "ecs.capability.task-eni" }] };
  const { containerInstanceArn } = world.register({
    ...request,
    totalResources: cpu(1_024),
    tags: [{ key: "k", value: "v" }],
  });
  world.register({ ...request, containerInstanceArn, totalResources: cpu(1_024), tags: [{ key: "k", value: "v" }] });
  assert.deepEqual([world.documents, world.events], [[], []]);
  world.register({ containerInstanceArn, attributes: request.attributes });
  assert.equal(world.instance(containerInstanceArn.split("/").at(-1) ?? "").instanceType, "m5.large");
});

test("unknown, deregistered and changed instances are refused", () => {
  const world = new InstanceWorld();
  const unknown = `${prefix}container-instance/lab/${"0".repeat(32)}`;
  world.refused(
    registerContainerInstance,
    { containerInstanceArn: unknown },
    "ClientException",
    `Referenced container instance ${"0".repeat(32)} not registered.`,
  );
  const id = world.add({ instanceIdentityDocument: document() });
  const containerInstanceArn = world.instance(id).arn;
  world.refused(
    registerContainerInstance,
    { containerInstanceArn, instanceIdentityDocument: document({ instanceType: "m5.xlarge" }) },
    "ClientException",
    "Container instance type changes are not supported.",
  );
  world.call(deregisterContainerInstance, { containerInstance: id });
  world.refused(
    registerContainerInstance,
    { containerInstanceArn },
    "ClientException",
    `Container instance ${id} is inactive.`,
  );
});

test("an instance may come back with less than its tasks hold", () => {
  const world = new InstanceWorld();
  const id = world.add({ totalResources: cpu(2_048) });
  world.place(id, { cpu: 1_500 });
  const reply = world.register({ containerInstanceArn: world.instance(id).arn, totalResources: cpu(1_024) });
  assert.equal(reply.remainingResources[0]?.integerValue, -476);
});
