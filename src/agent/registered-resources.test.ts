import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { taskArn, World } from "./played-control-plane.ts";
import { registeredResources } from "./registered-resources.ts";

describe("resources that a host registers", () => {
  it("are those in its request", () => {
    const request = {
      totalResources: [
        { name: "CPU", type: "INTEGER", integerValue: 4_096 },
        { name: "MEMORY", type: "INTEGER", integerValue: 1_000 },
        { name: "PORTS", type: "STRINGSET", stringSetValue: ["22", "51678"] },
        { name: "PORTS_UDP", type: "STRINGSET", stringSetValue: ["53"] },
      ],
      platformDevices: [{ id: "GPU-1", type: "GPU" }],
    };
    assert.deepEqual(registeredResources(request), {
      cpuUnits: 4_096,
      memoryMiB: 1_000,
      reservedPorts: { tcp: [22, 51_678], udp: [53] },
      gpuIds: ["GPU-1"],
    });
  });

  it("are what its agent books tasks against", async () => {
    const world = new World();
    await world.start();
    await world.run("nginx", {}, { memory: 7_000 });
    await world.run("nginx", {}, { arn: `${taskArn}2`, memory: 700 });
    await world.clock.advance(1_000);
    assert.deepEqual(
      world.reports().map(({ task }) => task),
      [taskArn],
    );
    await world.order({ desiredStatus: "STOPPED" });
    await world.clock.advance(1_000);
    assert.deepEqual(
      world.reports().map(({ status }) => status),
      ["RUNNING", "STOPPED", "RUNNING"],
    );
  });
});
