import assert from "node:assert/strict";
import { test } from "node:test";
import { InstanceWorld } from "../container-instances/instance-world.ts";
import type { ContainerInstance } from "./container-instance.ts";
import { instanceKind, registrationKind, StoredContainerInstances } from "./stored-container-instance.ts";

function anInstance(): ContainerInstance {
  const world = new InstanceWorld();
  return world.instance(world.add({ attributes: [{ name: "ecs.capability.task-eni" }] }));
}

const kinds = (changes: readonly { readonly kind: string }[]): string[] => changes.map(({ kind }) => kind);

test("a registration is written when it is new or changed, and not with every version", () => {
  const stored = new StoredContainerInstances();
  const instance = anInstance();
  const put = (value: ContainerInstance | null) => stored.split({ kind: instanceKind, key: instance.id, value });
  assert.deepEqual(kinds(put(instance)), [instanceKind, registrationKind]);
  assert.deepEqual(kinds(put({ ...instance, version: 2 })), [instanceKind]);
  const changed = { ...instance, version: 3, customAttributes: [{ name: "stack", value: "prod" }] };
  assert.deepEqual(kinds(put(changed)), [instanceKind, registrationKind]);
  assert.deepEqual(put(null), [
    { kind: instanceKind, key: instance.id, value: null },
    { kind: registrationKind, key: instance.id, value: null },
  ]);
  assert.deepEqual(kinds(put(instance)), [instanceKind, registrationKind], "what was deleted is written anew");
});

test("both halves give the instance, in whatever order they are loaded, and then count as written", () => {
  const instance = anInstance();
  const halves = new StoredContainerInstances().split({ kind: instanceKind, key: instance.id, value: instance });
  for (const order of [halves, halves.toReversed()]) {
    const stored = new StoredContainerInstances();
    const joined = order.map(({ kind, key, value }) => stored.join(kind, key, value as object));
    assert.equal(joined[0], null);
    assert.deepEqual(joined[1], instance);
    assert.deepEqual(kinds(stored.split({ kind: instanceKind, key: instance.id, value: joined[1] ?? null })), [
      instanceKind,
    ]);
  }
});

test("other documents pass as they are", () => {
  const change = { kind: "task", key: "a", value: {} };
  assert.deepEqual(new StoredContainerInstances().split(change), [change]);
});
