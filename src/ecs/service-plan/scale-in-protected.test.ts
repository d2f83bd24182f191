import assert from "node:assert/strict";
import { test } from "node:test";
import { ServiceWorld } from "../services/service-world.ts";

test("a scale-in does not stop the task that serves because the one that does not yet is protected", () => {
  const world = new ServiceWorld("protected").withInstances(2, { cpu: 4_096, memoryMiB: 8_192 });
  world.aService({ desiredCount: 1 });
  world.untilSteady();
  const [serving] = world.running();
  world.updateService({ desiredCount: 2 });
  world.advanceClock(1_000);
  const pending = world.tasksOf().find(({ id }) => id !== serving?.id);
  assert.equal(pending?.lastStatus, "PENDING");
  world.call("UpdateTaskProtection", { tasks: [pending?.id], protectionEnabled: true });
  world.updateService({ desiredCount: 1 });
  world.advanceClock(5_000);
  assert.deepEqual(
    world.running().map(({ id }) => id),
    [serving?.id],
  );
  // Once it serves too, one of them is too many, and the one that is not protected goes.
  world.untilSteady();
  assert.deepEqual(
    world.running().map(({ id }) => id),
    [pending?.id],
  );
});
