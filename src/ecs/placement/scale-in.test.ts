import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { seededRandom } from "../../lib/random.ts";
import type { PlacementStrategy } from "../documents/placement-request.ts";
import type { Task } from "../documents/task.ts";
import { aCluster, aDefinition, type SmallWorld } from "../small-world.ts";
import { scaleInOrder } from "./scale-in.ts";

const group = "web";
const on = (world: SmallWorld, index: number, count: number, definition = aDefinition()): Task[] =>
  Array.from({ length: count }, () => {
    const { value } = world.call<{ tasks: readonly { taskArn: string }[] }>(
      "StartTask",
      { containerInstances: [world.instanceId(index)], group },
      definition,
    );
    return world.task(value.tasks[0]?.taskArn.slice(-32) ?? "");
  });
/** Two zones, two instances in each. */
const zones = () =>
  aCluster()
    .withInstances(2, { availabilityZone: "a" })
    .withInstances(1, { availabilityZone: "b" })
    .withInstances(1, { availabilityZone: "b", cpu: 2_048, memoryMiB: 8_192 });
/** The positions (from 0) of the victims, in order. */
function victims(
  world: SmallWorld,
  tasks: readonly Task[],
  strategies: readonly PlacementStrategy[] = [],
  seed = "x",
): number[] {
  const ids = [0, 1, 2, 3].map((index) => world.instanceId(index));
  const random = seededRandom(seed).stream("scale-in");
  const order = scaleInOrder(world.state, tasks, strategies, random);
  assert.deepEqual(new Set(order), new Set(tasks), "each task once");
  return order.map(({ instanceId }) => ids.indexOf(instanceId ?? ""));
}
const seeds = Array.from({ length: 30 }, (_, seed) => String(seed));
const spread = (field: string): PlacementStrategy => ({ type: "spread", field });

test("by default the fullest zone loses first, and in it the fullest instance", () => {
  const world = zones();
  const tasks = [...on(world, 0, 3), ...on(world, 1, 1), ...on(world, 2, 1), ...on(world, 3, 1)];
  for (const strategies of [[], [spread("attribute:ecs.availability-zone")]]) {
    for (const seed of seeds) assert.deepEqual(victims(world, tasks, strategies, seed).slice(0, 2), [0, 0]);
  }
  const third = new Set(seeds.map((seed) => victims(world, tasks, [], seed)[2]));
  assert.deepEqual([...third].sort(), [0, 1, 2, 3], "two and two are equal");
});

test("tasks that must not stop count, and those that already should don't", () => {
  const world = zones();
  const [kept, ...others] = [...on(world, 0, 3), ...on(world, 2, 2)];
  for (const seed of seeds) assert.equal(victims(world, others, [], seed)[0], 0);
  for (const task of [kept, others[0]]) world.call("StopTask", { task: task?.id });
  for (const seed of seeds) assert.equal(victims(world, others.slice(1), [], seed)[0], 2);
});

test("with binpack the instance that would have the most room loses first", () => {
  const world = zones();
  const tasks = [...on(world, 0, 2), ...on(world, 1, 1), ...on(world, 2, 2), ...on(world, 3, 1)];
  for (const seed of seeds) {
    const order = victims(world, tasks, [{ type: "binpack", field: "MEMORY" }], seed);
    assert.deepEqual(order.slice(0, 2), [3, 1]);
    assert.deepEqual(new Set(order.slice(2, 4)).size, 1, "having stopped one, that instance has the most room");
  }
});

test("binpack compares the room after the stop: the larger task goes", () => {
  const world = zones();
  const large = aDefinition({ containers: [{ cpu: 512 }] });
  const tasks = [...on(world, 0, 1), ...on(world, 0, 1, large)];
  for (const seed of seeds) {
    const random = seededRandom(seed).stream("scale-in");
    const [first] = scaleInOrder(world.state, tasks, [{ type: "binpack", field: "CPU" }], random);
    assert.equal(first?.reservation.cpu, 512);
  }
});

test("spread over anything else balances zones and is random within them; random is random", () => {
  const world = zones();
  const tasks = [...on(world, 0, 4), ...on(world, 1, 1), ...on(world, 2, 2)];
  const first = (strategy: PlacementStrategy) =>
    new Set(seeds.map((seed) => victims(world, tasks, [strategy], seed)[0]));
  assert.deepEqual([...first(spread("instanceId"))].sort(), [0, 1]);
  assert.deepEqual([...first(spread("attribute:rack"))].sort(), [0, 1]);
  assert.deepEqual([...first({ type: "random" })].sort(), [0, 1, 2]);
});

test("with several strategies, the next one decides among those that are left", () => {
  const world = zones();
  const tasks = [...on(world, 0, 1), ...on(world, 2, 2), ...on(world, 3, 1)];
  const strategies = [spread("attribute:ecs.availability-zone"), { type: "binpack", field: "CPU" }] as const;
  for (const seed of seeds) assert.equal(victims(world, tasks, strategies, seed)[0], 3);
});

test("at most the requested number is returned, and nothing for nothing", () => {
  const world = zones();
  const tasks = on(world, 0, 3);
  const random = seededRandom("x").stream("scale-in");
  assert.equal(scaleInOrder(world.state, tasks, [], random, 2).length, 2);
  assert.deepEqual(scaleInOrder(world.state, [], [], random), []);
});

/** How strongly each strategy prefers to stop a task, if `there` are the remaining tasks. */
function wishes(world: SmallWorld, task: Task, there: readonly Task[], names: readonly string[]): number[] {
  const count = (same: (each: Task) => boolean) => there.filter(same).length;
  const held = there.filter((each) => each.instanceId === task.instanceId && each.id !== task.id);
  const sizes = new Map(
    world.state.instances.get(task.instanceId ?? "")?.registeredResources.map((each) => [each.name, each]),
  );
  const total = sizes.get("CPU");
  return names.map((name) => {
    if (name === "zone") return count((each) => each.availabilityZone === task.availabilityZone);
    if (name === "instance") return count((each) => each.instanceId === task.instanceId);
    const registered = total !== undefined && total.type !== "STRINGSET" ? total.value : 0;
    return registered - held.reduce((sum, each) => sum + each.reservation.cpu, 0);
  });
}

test("each victim is among those that the strategies prefer to stop, for any fleet", () => {
  const chains: readonly [readonly PlacementStrategy[], readonly string[]][] = [
    [[], ["zone", "instance"]],
    [[{ type: "binpack", field: "CPU" }], ["cpu"]],
    [
      [spread("attribute:ecs.availability-zone"), { type: "binpack", field: "CPU" }],
      ["zone", "cpu"],
    ],
    [
      [{ type: "binpack", field: "CPU" }, spread("attribute:ecs.availability-zone")],
      ["cpu", "zone", "instance"],
    ],
    [
      [spread("attribute:ecs.availability-zone"), spread("instanceId")],
      ["zone", "instance"],
    ],
    [[spread("instanceId")], ["zone"]],
  ];
  const where = fc.record({ index: fc.nat(3), cpu: fc.constantFrom(32, 32, 64) });
  const fleet = fc.array(where, { minLength: 2, maxLength: 16, size: "max" });
  fc.assert(
    fc.property(fleet, fc.nat(chains.length - 1), fc.string(), (places, chain, seed) => {
      const world = zones();
      const tasks = places.flatMap(({ index, cpu }) =>
        on(world, index, 1, aDefinition({ containers: [{ cpu, memory: 8 }] })),
      );
      const [strategies, names] = chains[chain] as (typeof chains)[number];
      const there = [...tasks];
      for (const victim of scaleInOrder(world.state, tasks, strategies, seededRandom(seed).stream("x"))) {
        const all = there.map((task) => wishes(world, task, there, names));
        const most = all.sort((a, b) => compare(b, a))[0] ?? [];
        assert.deepEqual(wishes(world, victim, there, names), most);
        there.splice(there.indexOf(victim), 1);
      }
      assert.equal(there.length, 0);
    }),
    { numRuns: 60 },
  );
});

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, index) => value !== b[index]);
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}
