import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { allocatePorts, dynamicPorts, reportedBindings } from "./host-ports.ts";

const none = { tcp: new Set<number>(), udp: new Set<number>() };

describe("host ports", () => {
  it("are picked in turn from the dynamic range, skipping those in use", () => {
    const inUse = { tcp: new Set([dynamicPorts.last]), udp: new Set<number>() };
    const found = allocatePorts([{ containerPort: 80 }, { containerPort: 81 }], "bridge", inUse, dynamicPorts.last);
    assert.ok(found.ok);
    assert.deepEqual(
      found.bindings.map((binding) => binding.hostPort),
      [dynamicPorts.first, dynamicPorts.first + 1],
    );
  });

  it("skip those that others on the host use, though a port requested by number may still become free", () => {
    const others = { tcp: new Set([40_000, 40_002]), udp: new Set([40_001]) };
    const found = allocatePorts([{ containerPortRange: "80-81" }], "bridge", none, 40_000, others);
    assert.equal(found.ok && found.bindings[0]?.hostPort, 40_003);
    const named = allocatePorts([{ containerPort: 80, hostPort: 40_002 }], "bridge", none, 40_000, others);
    assert.equal(named.ok && named.bindings[0]?.hostPort, 40_002);
  });

  it("of a range lie in a row and are reported as a range", () => {
    const inUse = { tcp: new Set([32_769]), udp: new Set<number>() };
    const found = allocatePorts([{ containerPortRange: "9000-9002" }], "bridge", inUse, dynamicPorts.first);
    assert.ok(found.ok);
    assert.deepEqual(reportedBindings(found.bindings), [
      { bindIP: "0.0.0.0", containerPortRange: "9000-9002", hostPortRange: "32770-32772", protocol: "tcp" },
    ]);
  });

  it("are those of the container in host mode, and none in awsvpc mode", () => {
    const host = allocatePorts([{ containerPort: 80 }], "host", none, 0);
    assert.equal(host.ok && host.bindings[0]?.hostPort, 80);
    const awsvpc = allocatePorts([{ containerPort: 80, hostPort: 80 }], "awsvpc", none, 0);
    assert.deepEqual(awsvpc.ok && awsvpc.bindings, []);
  });

  it("fail by name if in use, by protocol, and if none is left", () => {
    const tcp = new Set([8080]);
    const taken = allocatePorts([{ containerPort: 80, hostPort: 8080 }], "bridge", { tcp, udp: new Set() }, 0);
    assert.deepEqual(taken, { ok: false, protocol: "tcp", port: 8080 });
    assert.ok(
      allocatePorts([{ containerPort: 80, hostPort: 8080, protocol: "udp" }], "bridge", { tcp, udp: new Set() }, 0).ok,
    );
    const all = new Set(Array.from({ length: 30_000 }, (_, i) => 32_000 + i));
    assert.deepEqual(allocatePorts([{ containerPort: 80 }], "bridge", { tcp: all, udp: new Set() }, 0), {
      ok: false,
      protocol: "tcp",
      port: 0,
    });
  });
});
