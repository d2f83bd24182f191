import assert from "node:assert/strict";
import { test } from "node:test";
import { InstanceWorld, place } from "../container-instances/instance-world.ts";
import { type ContainerInstance, containerInstanceKind } from "../documents/container-instance.ts";
import { ClusterState } from "../state/cluster-state.ts";
import type { Tables } from "./tables.ts";

const { name, apart } = containerInstanceKind;

function anInstance(): ContainerInstance {
  const world = new InstanceWorld();
  return world.instance(world.add({ attributes: [{ name: "ecs.capability.task-eni" }] }));
}

const aState = () => new ClusterState(place, "lab", { latestAgentVersion: "1.97.0", verifyIdentity: null });
const stored = (tables: Tables, key: string, value: object | null) => tables.toStored([{ kind: name, key, value }]);
const kinds = (changes: readonly { readonly kind: string }[]): string[] => changes.map(({ kind }) => kind);

test("a registration is written when it is new or changed, not with every version", () => {
  const { tables } = aState();
  const instance = anInstance();
  const put = (value: ContainerInstance | null) => stored(tables, instance.id, value);
  assert.deepEqual(kinds(put(instance)), [name, apart.name]);
  assert.deepEqual(kinds(put({ ...instance, version: 2 })), [name]);
  const changed = { ...instance, version: 3, customAttributes: [{ name: "stack", value: "prod" }] };
  assert.deepEqual(kinds(put(changed)), [name, apart.name]);
  assert.deepEqual(put(null), [
    { kind: name, key: instance.id, value: null },
    { kind: apart.name, key: instance.id, value: null },
  ]);
  assert.deepEqual(kinds(put(instance)), [name, apart.name], "what was deleted is written again");
});

test("both halves form the instance, in whatever order they are loaded, and then count as written", () => {
  const instance = anInstance();
  const halves = stored(aState().tables, instance.id, instance);
  for (const order of [halves, halves.toReversed()]) {
    const { tables, instances } = aState();
    for (const [index, { kind, key, value }] of order.entries()) {
      assert.equal(instances.size, 0, `after ${index} halves`);
      tables.load(kind, key, value ?? {});
    }
    tables.loaded();
    assert.deepEqual(instances.get(instance.id), instance);
    assert.deepEqual(kinds(stored(tables, instance.id, instances.get(instance.id) ?? null)), [name]);
  }
});

test("an instance stored in one piece by an early version is stored in two with its first change", () => {
  const { tables, instances } = aState();
  const instance = anInstance();
  tables.load(name, instance.id, instance);
  tables.loaded();
  assert.deepEqual(instances.get(instance.id), instance);
  assert.deepEqual(kinds(stored(tables, instance.id, { ...instance, version: 9 })), [name, apart.name]);
});

test("other documents pass unchanged", () => {
  const change = { kind: "task", key: "a", value: {} };
  assert.deepEqual(aState().tables.toStored([change]), [change]);
});
