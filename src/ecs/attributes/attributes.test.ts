// Put, delete and list: the three operations on the table of attributes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { InstanceWorld, prefix } from "../container-instances/instance-world.ts";
import type { RequestAttribute } from "../documents/attribute-rules.ts";
import { limits } from "../limits.ts";
import { deleteAttributes } from "./delete-attributes.ts";
import { type ListAttributesRequest, listAttributes } from "./list-attributes.ts";
import { putAttributes } from "./put-attributes.ts";

const targetType = "container-instance";
const rows = (world: InstanceWorld, request: Omit<ListAttributesRequest, "targetType">) =>
  world.call(listAttributes, { targetType, ...request });

test("attributes are put by id or ARN, replaced by name, announced, and returned with their target", () => {
  const world = new InstanceWorld();
  const id = world.add();
  const { arn } = world.instance(id);
  const reply = world.call(putAttributes, {
    attributes: [
      { name: "stack", value: "prod", targetId: id, targetType },
      { name: "bare", targetId: arn },
    ],
  });
  assert.deepEqual(reply.attributes, [
    { name: "stack", value: "prod", targetType, targetId: arn },
    { name: "bare", value: null, targetType, targetId: arn },
  ]);
  assert.deepEqual(
    world.events.map((event) => event.detail.version),
    [2],
  );
  world.call(putAttributes, { attributes: [{ name: "stack", value: "test", targetId: arn }] });
  assert.deepEqual(world.instance(id).customAttributes, [
    { name: "stack", value: "test" },
    { name: "bare", value: null },
  ]);
  world.call(putAttributes, { attributes: [{ name: "stack", value: "test", targetId: arn }] });
  assert.deepEqual(world.documents, []);
});

test("attributes are deleted by name, or by name and value; absent ones are ignored", () => {
  const world = new InstanceWorld();
  const id = world.add({
    attributes: [
      { name: "a", value: "1" },
      { name: "b", value: "2" },
    ],
  });
  const remove = (attributes: RequestAttribute[]) =>
    world
      .call(deleteAttributes, {
        attributes: attributes.map((attribute) => ({ ...attribute, targetId: id, targetType })),
      })
      .attributes.map(({ name, value }) => [name, value]);
  assert.deepEqual(remove([{ name: "a" }, { name: "b", value: "3" }, { name: "c" }]), [["a", "1"]]);
  assert.equal(world.events.length, 1);
  assert.deepEqual(remove([{ name: "b", value: "2" }]), [["b", "2"]]);
  assert.deepEqual(world.instance(id).customAttributes, []);
  assert.deepEqual(remove([{ name: "b" }]), []);
  assert.deepEqual(world.documents, []);
});

test("an instance has at most ten custom attributes, and a refused call puts none", () => {
  const world = new InstanceWorld();
  const targetId = world.instance(world.add()).arn;
  const named = (from: number, count: number) =>
    Array.from({ length: count }, (_, i) => ({ name: `a${from + i}`, targetId }));
  world.call(putAttributes, { attributes: named(0, 9) });
  const message = "A container instance can have at most 10 custom attributes.";
  world.refused(putAttributes, { attributes: named(9, 2) }, "AttributeLimitExceededException", message);
  world.call(putAttributes, { attributes: named(9, 1) });
  world.call(putAttributes, { attributes: named(0, 10) });
  assert.equal(limits.customAttributesPerInstance, 10);
});

test("invalid attributes are refused", () => {
  const world = new InstanceWorld();
  const targetId = world.instance(world.add()).arn;
  const length = "Attribute names must be between 1 and 128 characters long.";
  const cases: readonly (readonly [RequestAttribute, string])[] = [
    [{ targetId }, length],
    [{ name: "a".repeat(129), targetId }, length],
    [{ name: "a b", targetId }, "The attribute name 'a b' contains invalid characters."],
    [{ name: "ecs.os-type", targetId }, "The attribute name 'ecs.os-type' is reserved for Amazon ECS."],
    [{ name: "com.amazonaws.x", targetId }, "The attribute name 'com.amazonaws.x' is reserved for Amazon ECS."],
    [
      { name: "a", value: "b".repeat(129), targetId },
      "The value of the attribute 'a' must be at most 128 characters long.",
    ],
    [{ name: "a", value: "ü", targetId }, "The value of the attribute 'a' contains invalid characters."],
    [{ name: "a", value: " b", targetId }, "The value of the attribute 'a' contains invalid characters."],
    [{ name: "a", targetId, targetType: "task" }, "targetType must be container-instance"],
    [{ name: "a", targetType }, "The targetId of an attribute can not be empty."],
    [{ name: "a", targetId: "x" }, "The targetId of an attribute must be an ARN when targetType is not given."],
  ];
  for (const operation of [putAttributes, deleteAttributes]) {
    for (const [attribute, message] of cases) {
      world.refused(operation, { attributes: [attribute] }, "InvalidParameterException", message);
    }
    world.refused(operation, {}, "InvalidParameterException", "attributes can not be empty");
    const eleven = Array(11).fill({ name: "a", targetId });
    const many = "attributes can have at most 10 items.";
    world.refused(operation, { attributes: eleven }, "InvalidParameterException", many);
    for (const unknown of ["nobody", `${prefix}container-instance/lab/nobody`]) {
      const attributes = [{ name: "a", targetId: unknown, targetType }];
      world.refused(operation, { attributes }, "TargetNotFoundException", `Could not find ${unknown}`);
    }
  }
});

test("a deregistered instance can't have attributes put and isn't listed", () => {
  const world = new InstanceWorld();
  const id = world.add();
  world.set(id, { status: "INACTIVE" });
  const attributes = [{ name: "a", targetId: id, targetType }];
  world.refused(putAttributes, { attributes }, "TargetNotFoundException", `Could not find ${id}`);
  assert.deepEqual(rows(world, {}).attributes, []);
});

test("ListAttributes shows ECS's own and custom attributes, by name and value", () => {
  const world = new InstanceWorld();
  const [a, b] = [
    world.add({ attributes: [{ name: "stack", value: "x" }] }),
    world.add({ attributes: [{ name: "stack" }] }),
  ];
  const targets = (request: Omit<ListAttributesRequest, "targetType">) =>
    new Set(rows(world, request).attributes.map((row) => row.targetId));
  assert.deepEqual(targets({ attributeName: "stack" }), new Set([world.instance(a).arn, world.instance(b).arn]));
  assert.deepEqual(targets({ attributeName: "stack", attributeValue: "x" }), new Set([world.instance(a).arn]));
  assert.deepEqual(targets({ attributeName: "ecs.os-type", attributeValue: "windows" }), new Set());
  assert.equal(rows(world, { attributeName: "ecs.os-type" }).attributes.length, 2);
});

test("ListAttributes returns every row once over its pages", () => {
  const world = new InstanceWorld();
  for (let i = 0; i < 7; i++) world.add({ attributes: [{ name: "stack", value: `${i}` }, { name: "zone" }] });
  const whole = rows(world, {}).attributes;
  assert.equal(whole.length, 28);
  for (const maxResults of [1, 3, 4, 27, 28]) {
    const seen: unknown[] = [];
    let nextToken: string | null = null;
    do {
      const page: ReturnType<typeof rows> = rows(world, { maxResults, ...(nextToken === null ? {} : { nextToken }) });
      seen.push(...page.attributes);
      nextToken = page.nextToken;
    } while (nextToken !== null);
    assert.deepEqual(seen, whole, `${maxResults} a page`);
  }
});

test("invalid lists are refused", () => {
  const world = new InstanceWorld();
  const refused = (request: ListAttributesRequest, message: string) =>
    world.refused(listAttributes, request, "InvalidParameterException", message);
  refused({}, "targetType must be container-instance");
  refused({ targetType, attributeValue: "x" }, "attributeName must be given when attributeValue is.");
  refused({ targetType, maxResults: 101 }, "maxResults must be between 1 and 100.");
  refused({ targetType, nextToken: "x" }, "Invalid token.");
});
