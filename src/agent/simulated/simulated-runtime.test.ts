import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../lib/random.ts";
import { VirtualClock } from "../../lib/virtual-clock.ts";
import type { RuntimeEvent } from "../container-runtime.ts";
import { surroundingsOf } from "../engine/engine-task.ts";
import { SimulatedRuntime } from "./simulated-runtime.ts";

const taskArn = "arn:aws:ecs:us-east-1:123456789012:task/c/0123456789abcdef0123456789abcdef";
const task = surroundingsOf({ arn: taskArn, desiredStatus: "RUNNING", family: "fam", version: "3" });

test("a container that mounts two volumes at one path is not created, as in Docker", async () => {
  const clock = new VirtualClock(1_000);
  const runtime = new SimulatedRuntime({ clock, ids: seededRandom("runtime").stream("ids") });
  const events: RuntimeEvent[] = [];
  runtime.onEvent((event) => events.push(event));
  const at = (...paths: string[]) => ({
    name: "app",
    image: "web:1",
    mountPoints: paths.map((containerPath, index) => ({ sourceVolume: `v${index}`, containerPath })),
  });
  for (const spec of [at("/a", "/b"), at("/a", "/b", "/a")]) {
    runtime.run({ type: "create", taskArn, container: "app", spec, bindings: [], task });
    await clock.advance(1_000);
  }
  const problem = "CannotCreateContainerError: Error response from daemon: Duplicate mount point: /a";
  assert.equal(events[0]?.type, "created");
  assert.deepEqual(events[1], { taskArn, container: "app", type: "create-failed", reason: problem });
  runtime.close();
});
