/* Addresses of tasks' interfaces: unique, inside their block, and the same block for a subnet every time. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../lib/random.ts";
import { aCluster, awsvpcDefinition, inSubnet } from "../small-world.ts";
import { ecsTimeline } from "../timeline.ts";
import { freeAddress, gatewayOf } from "./network-address.ts";

const random = seededRandom("addresses").stream("network-interface");
const numberOf = (address: string): number => address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);

test("no address is used twice, and a full block overflows into the next one", () => {
  const taken = new Set<string>();
  for (let i = 0; i < 9_000; i++) taken.add(freeAddress("subnet-1", taken, random));
  assert.equal(taken.size, 9_000);
  const gateways = new Map<string, number>();
  for (const address of taken) gateways.set(gatewayOf(address), (gateways.get(gatewayOf(address)) ?? 0) + 1);
  assert.ok(gateways.size >= 3, "4,093 addresses are in a block");
  for (const [gateway, count] of gateways) {
    assert.match(gateway, /^10\.(6[4-9]|7\d)\.(\d|\d\d|1\d\d|2[0-4]\d)\.1\/20$/);
    assert.ok(count <= 4_093);
    assert.ok(!taken.has(gateway.slice(0, -3)), "the gateway is nobody's");
  }
});

test("an address is in its gateway's block, and is neither the network's nor the broadcast address", () => {
  for (let i = 0; i < 2_000; i++) {
    const address = freeAddress(`subnet-${i}`, new Set(), random);
    const [gateway = ""] = gatewayOf(address).split("/");
    const distance = numberOf(address) - numberOf(gateway);
    assert.ok(distance >= 1 && distance <= 4_093, `${address} with ${gateway}`);
  }
});

test("a subnet keeps its block; different subnets spread over the range", () => {
  const blockOf = (subnet: string) => gatewayOf(freeAddress(subnet, new Set(), random));
  assert.equal(blockOf("subnet-a"), blockOf("subnet-a"));
  const blocks = new Set(Array.from({ length: 100 }, (_, i) => blockOf(`subnet-${i}`)));
  assert.ok(blocks.size > 60, `${blocks.size} blocks for 100 subnets`);
});

test("a cluster knows its tasks' addresses until they are STOPPED, even after a restart", () => {
  const world = aCluster().withInstances(1);
  const task = world.runTask(awsvpcDefinition(), inSubnet);
  assert.equal(world.state.taskAddresses.size, 0);
  world.advanceClock(ecsTimeline.networkInterfaceMs);
  const address = world.task(task.id).containers[0]?.networkInterfaces[0]?.privateIpv4Address ?? "";
  assert.deepEqual([...world.state.taskAddresses], [address]);
  world.restart();
  assert.deepEqual([...world.state.taskAddresses], [address]);
  world.report(task.id, "STOPPED");
  world.advanceClock(ecsTimeline.networkInterfaceMs);
  assert.equal(world.task(task.id).lastStatus, "STOPPED");
  assert.equal(world.state.taskAddresses.size, 0);
});
