import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../lib/random.ts";
import type { Need, PlacementRequest } from "../documents/placement-request.ts";
import { effectiveContainers, needOf } from "../launch/new-task.ts";
import { resolveOverrides } from "../launch/overrides.ts";
import { aCluster, aDefinition, type InstanceOptions, type SmallWorld } from "../small-world.ts";
import { placementFailures, placeTask } from "./place-task.ts";

function need(definition = aDefinition()): Need {
  const overrides = resolveOverrides(undefined, definition);
  return needOf(definition, effectiveContainers(definition, overrides), overrides);
}
const request = (definition = aDefinition(), changes: Partial<PlacementRequest> = {}): PlacementRequest => ({
  need: need(definition),
  group: "family:web",
  launchType: "EC2",
  capacityProvider: null,
  constraints: [],
  strategies: [],
  ...changes,
});
type Mapping = { containerPort?: number; hostPort?: number; protocol?: string };
const withPorts = (portMappings: readonly Mapping[], networkMode: "bridge" | "host" | "awsvpc" = "bridge") =>
  aDefinition({ networkMode, containers: [{ portMappings }] });

/** Where `draws` tasks would go, one at a time on the unchanged cluster. */
function counts(world: SmallWorld, draws: number): number[] {
  const random = seededRandom("uniform").stream("placement");
  const found = new Map<string, number>();
  for (let draw = 0; draw < draws; draw++) {
    const id = placeTask(world.state, request(), random)?.instance.id ?? "none";
    found.set(id, (found.get(id) ?? 0) + 1);
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, count]) => count);
}

/** The chi-squared statistic of `observed` against equal shares. */
function chiSquared(observed: readonly number[]): number {
  const mean = observed.reduce((sum, count) => sum + count, 0) / observed.length;
  return observed.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
}

test("placement is uniform over the instances where the task fits", () => {
  // 9 degrees of freedom: 27.9 is exceeded once in a thousand.
  const roomy = counts(aCluster().withInstances(10), 5_000);
  assert.equal(roomy.length, 10);
  assert.ok(chiSquared(roomy) < 27.9, String(chiSquared(roomy)));
});

test("placement is uniform even if hardly any instance fits", () => {
  const world = aCluster()
    .withInstances(40, { cpu: 64 })
    .withInstances(1)
    .withInstances(40, { agentConnected: false })
    .withInstances(2)
    .withInstances(40, { status: "DRAINING" });
  const few = counts(world, 3_000);
  assert.equal(few.length, 3);
  // 2 degrees of freedom: 13.8 is exceeded once in a thousand.
  assert.ok(chiSquared(few) < 13.8, String(chiSquared(few)));
});

test("a task that fits nowhere isn't placed", () => {
  const random = seededRandom("x").stream("placement");
  assert.equal(placeTask(aCluster().state, request(), random), null);
  const world = aCluster().withInstances(3, { cpu: 127 });
  assert.equal(placeTask(world.state, request(), random), null);
  assert.equal(placementFailures(world.state, request()).length, 1);
  assert.deepEqual(placementFailures(world.state, request(aDefinition(), { launchType: "EXTERNAL" })), []);
});

/** The failure reasons when `definition` is placed on one instance after `before`; empty if it fits. */
function reasonsOn(options: InstanceOptions, definition = aDefinition(), before: readonly (typeof definition)[] = []) {
  const world = aCluster().withInstances(1, options);
  for (const each of before) world.runTask(each);
  return placementFailures(world.state, request(definition)).map(({ reason, detail }) => `${reason} ${detail}`);
}

test("the first filter that refuses gives the reason", () => {
  const all = { agentConnected: false, cpu: 1, memoryMiB: 1 };
  assert.deepEqual(reasonsOn(all), ["AGENT The agent is not connected."]);
  const attribute = aDefinition({ requiresAttributes: [{ name: "x" }] });
  assert.deepEqual(reasonsOn({ cpu: 1, memoryMiB: 1 }, attribute), ["ATTRIBUTE Missing attributes: x."]);
  assert.deepEqual(reasonsOn({ cpu: 1, memoryMiB: 1 }), ["RESOURCE:CPU Needs 128 CPU units, 1 are left."]);
});

test("exactly what is left fits, one more doesn't", () => {
  assert.deepEqual(reasonsOn({ cpu: 256, memoryMiB: 512 }, aDefinition(), [aDefinition()]), []);
  assert.equal(reasonsOn({ cpu: 255, memoryMiB: 512 }, aDefinition(), [aDefinition()]).length, 1);
  assert.equal(reasonsOn({ cpu: 256, memoryMiB: 511 }, aDefinition(), [aDefinition()]).length, 1);
});

test("fixed host ports are taken by number and protocol", () => {
  const tcp = withPorts([{ containerPort: 80, hostPort: 8080 }]);
  const udp = withPorts([{ containerPort: 80, hostPort: 8080, protocol: "udp" }]);
  assert.deepEqual(reasonsOn({}, tcp, [tcp]), ["RESOURCE:PORTS Host ports in use: 8080."]);
  assert.deepEqual(reasonsOn({}, udp, [udp]), ["RESOURCE:PORTS Host ports in use: 8080."]);
  assert.deepEqual(reasonsOn({}, udp, [tcp]), []);
  assert.deepEqual(reasonsOn({ ports: ["8080"] }, tcp), ["RESOURCE:PORTS Host ports in use: 8080."]);
  assert.deepEqual(reasonsOn({ ports: ["8080"] }, udp), []);
  assert.equal(reasonsOn({ udpPorts: ["8080"] }, udp).length, 1);
});

test("in host mode the container's port is the host's; awsvpc and dynamic ports take none", () => {
  const hosted = withPorts([{ containerPort: 80 }], "host");
  assert.deepEqual(need(hosted).tcpPorts, [80]);
  assert.equal(reasonsOn({ ports: ["80"] }, hosted).length, 1);
  for (const free of [withPorts([{ containerPort: 80 }]), withPorts([{ containerPort: 80, hostPort: 0 }])]) {
    assert.deepEqual(need(free).tcpPorts, []);
    assert.deepEqual(reasonsOn({ ports: ["80"] }, free, [free]), []);
  }
  assert.deepEqual(need(withPorts([{ containerPort: 80, hostPort: 80 }], "awsvpc")).tcpPorts, []);
});

test("an instance reserves at most 100 ports, including the agent's but not dynamic ones", () => {
  const fixed = (first: number, count: number) =>
    withPorts(Array.from({ length: count }, (_, i) => ({ containerPort: 1, hostPort: first + i })));
  const ports = ["22", "2375", "2376", "51678", "51679"];
  assert.deepEqual(reasonsOn({ ports }, fixed(1000, 95)), []);
  assert.deepEqual(reasonsOn({ ports }, fixed(1000, 96)), ["RESOURCE:PORTS Host ports in use: 100 are reserved."]);
  assert.deepEqual(reasonsOn({ ports, udpPorts: ["53"] }, fixed(1000, 95)).length, 1);
  assert.deepEqual(reasonsOn({ ports }, fixed(2000, 45), [fixed(1000, 50)]), []);
  assert.deepEqual(reasonsOn({ ports }, fixed(2000, 46), [fixed(1000, 50)]).length, 1);
  const world = aCluster().withInstances(1, { ports });
  const task = world.runTask(withPorts(Array.from({ length: 50 }, () => ({ containerPort: 1 }))));
  const networkBindings = Array.from({ length: 50 }, (_, i) => ({ hostPort: 40_000 + i, protocol: "tcp" }));
  world.report(task.id, "RUNNING", { containers: [{ containerName: "app", status: "RUNNING", networkBindings }] });
  assert.deepEqual(placementFailures(world.state, request(fixed(1000, 95))), []);
  assert.equal(placementFailures(world.state, request(fixed(40_000, 1))).length, 1, "but a reported port is taken");
});

test("GPUs are assigned one by one, to separate containers, and are released", () => {
  const gpus = (count: number) => ({ resourceRequirements: [{ type: "GPU", value: String(count) }] });
  const definition = aDefinition({ containers: [gpus(1), { name: "b", ...gpus(2) }, { name: "c" }] });
  const world = aCluster().withInstances(1, { gpus: ["g1", "g2", "g3", "g4"] });
  const task = world.runTask(definition);
  assert.deepEqual(
    task.containers.map(({ gpuIds }) => gpuIds),
    [["g1"], ["g2", "g3"], []],
  );
  assert.deepEqual(placementFailures(world.state, request(definition))[0]?.detail, "Needs 3 GPUs, 1 are left.");
  const one = world.runTask(aDefinition({ containers: [gpus(1)] }));
  assert.deepEqual(one.reservation.gpuIds, ["g4"]);
  world.report(task.id, "STOPPED");
  assert.deepEqual(world.runTask(definition).reservation.gpuIds, ["g1", "g2", "g3"]);
});

test("spread uses instances without the attribute last", () => {
  const rack = (value: string) => ({ customAttributes: [{ name: "rack", value }] });
  const world = aCluster()
    .withInstances(2)
    .withInstances(1, { cpu: 256, ...rack("1") })
    .withInstances(1, { cpu: 128, ...rack("2") });
  const random = seededRandom("x").stream("placement");
  const order = Array.from({ length: 4 }, () => {
    const strategies = [{ type: "spread", field: "attribute:rack" }] as const;
    const id = placeTask(world.state, request(aDefinition(), { strategies }), random)?.instance.id;
    const { value } = world.call<{ failures: readonly object[] }>(
      "StartTask",
      { containerInstances: [id] },
      aDefinition(),
    );
    assert.deepEqual(value.failures, []);
    return [0, 1, 2, 3].findIndex((index) => world.instanceId(index) === id);
  });
  assert.deepEqual(order.slice(0, 3).sort(), [2, 2, 3]);
  assert.ok((order[3] ?? 9) < 2);
});

test("a strategy after random decides nothing", () => {
  const world = aCluster().withInstances(5).withInstances(1, { cpu: 256 });
  const strategies = [{ type: "random" }, { type: "binpack", field: "CPU" }] as const;
  const random = seededRandom("x").stream("placement");
  const found = new Set(
    Array.from(
      { length: 200 },
      () => placeTask(world.state, request(aDefinition(), { strategies }), random)?.instance.id,
    ),
  );
  assert.equal(found.size, 6);
});
