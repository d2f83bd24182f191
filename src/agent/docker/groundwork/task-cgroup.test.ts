import assert from "node:assert/strict";
import { test } from "node:test";
import { cgroupMounts, openTaskCgroups, weightOf } from "./task-cgroup.ts";

test("where the hierarchies are mounted, of either version", () => {
  const { v1, v2 } = cgroupMounts(
    [
      "tmpfs /sys/fs/cgroup tmpfs rw,relatime,mode=755 0 0",
      "cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,relatime,cpu,cpuacct 0 0",
      "cgroup /sys/fs/cgroup/memory cgroup rw,relatime,memory 0 0",
      "cgroup2 /sys/fs/cgroup/unified cgroup2 rw,relatime 0 0",
    ].join("\n"),
  );
  assert.deepEqual([...v1.keys()], ["/sys/fs/cgroup/cpu,cpuacct", "/sys/fs/cgroup/memory"]);
  assert.ok(v1.get("/sys/fs/cgroup/cpu,cpuacct")?.includes("cpu"));
  assert.equal(v2, "/sys/fs/cgroup/unified");
});

test("shares as weights, at both ends and in the middle", () => {
  assert.deepEqual([2, 1_024, 262_144, 1_000_000].map(weightOf), [1, 39, 10_000, 10_000]);
});

test("a host that cannot limit tasks says why", async () => {
  assert.equal(await openTaskCgroups({}, false), "the engine is on another machine");
  if (process.getuid?.() !== 0) return;
  assert.equal(await openTaskCgroups({ SecurityOptions: ["name=rootless"] }, true), "the engine is rootless");
  assert.equal(await openTaskCgroups({ CgroupDriver: "none" }, true), `the engine's cgroup driver is "none"`);
});
