import assert from "node:assert/strict";
import { test } from "node:test";
import { SmallEndpoints } from "./small-endpoints.ts";

const reading = (rx: number, tx: number, cpu: number) => ({
  read: `reading ${cpu}`,
  cpu_stats: { cpu_usage: { total_usage: cpu } },
  networks: { eth0: { rx_bytes: rx, tx_bytes: tx } },
});

test("the first request takes two readings, a second apart, and gets the rates between them", async () => {
  const world = new SmallEndpoints().runs();
  let taken = 0;
  world.stats = () => {
    taken += 1;
    return reading(1_000 * taken, 10 * taken, taken);
  };
  const asked = world.read("/stats");
  await world.clock.advance(1_000);
  assert.deepEqual(await asked, {
    ...reading(2_000, 20, 2),
    preread: "reading 1",
    precpu_stats: { cpu_usage: { total_usage: 1 } },
    network_rate_stats: { rx_bytes_per_sec: 1_000, tx_bytes_per_sec: 10 },
  });
  await world.read("/stats");
  assert.equal(taken, 2, "another request within a second gets the same readings");
  await world.clock.advance(2_000);
  const { network_rate_stats: rates, precpu_stats: before } = await world.read("/stats");
  assert.equal(taken, 3);
  assert.deepEqual(rates, { rx_bytes_per_sec: 500, tx_bytes_per_sec: 5 });
  assert.deepEqual(before, { cpu_usage: { total_usage: 2 } });
});

test("in awsvpc the network is that of the pause container", async () => {
  const world = new SmallEndpoints({ networkMode: "awsvpc" }).runs();
  world.stats = (id) => (id === "docker-1" ? { read: "own" } : reading(5, 6, 7));
  const asked = world.read("/stats");
  await world.clock.advance(1_000);
  const { read, networks } = await asked;
  assert.deepEqual([read, networks], ["own", { eth0: { rx_bytes: 5, tx_bytes: 6 } }]);
});

test("for a task: by Docker id; null for a container that is not running or cannot be read", async () => {
  const world = new SmallEndpoints().runs();
  world.stats = () => {
    throw new Error("Docker is away");
  };
  assert.deepEqual(await world.read("/task/stats"), { "docker-1": null });
  world.app.phase = "stopped";
  assert.equal(await world.read("/stats"), null);
});
