/** Goal: whatever callers create and delete, what is kept is bounded. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../lib/random.ts";
import { limits } from "../limits.ts";
import { aDefinition, SmallWorld } from "../small-world.ts";

/** An id that no machine draws. */
const madeUp = (index: number): string => (0x1000000 + index).toString(16).padStart(32, "f");

/** Makes a step that changes nothing by itself, without a small world's checks, which are slow with many documents. */
function anyStep({ machine, now }: SmallWorld): number {
  const result = machine.step({ type: "count" }, now, seededRandom("any step"));
  assert.ok("documents" in result);
  return result.documents.length;
}

test("a cluster keeps the newest stopped tasks; a step forgets some of the others", () => {
  const world = new SmallWorld("stopped").withInstances(1);
  const { id } = world.runningTask(aDefinition());
  world.call("StopTask", { task: id });
  world.report(id, "STOPPED");
  const max = limits.stoppedTasksPerCluster;
  const { tasks } = world.state;
  const stopped = world.task(id);
  const copies = max + 299;
  for (let index = 0; index < copies; index++) {
    const copy = madeUp(index);
    tasks.load(copy, { ...stopped, id: copy, stoppedAt: world.now + 1 + index });
  }
  const counts = [tasks.size];
  while (anyStep(world) > 0) counts.push(tasks.size);
  assert.deepEqual(counts, [max + 300, max + 100, max]);
  assert.ok(!tasks.has(id) && !tasks.has(madeUp(298)) && tasks.has(madeUp(299)) && tasks.has(madeUp(copies - 1)));
});

test("a cluster keeps the newest INACTIVE instances, and nothing of the others", () => {
  const world = new SmallWorld("inactive").withInstances(1);
  world.call("DeregisterContainerInstance", { containerInstance: world.instanceId(0) });
  const first = world.instance(0);
  const { instances, agentSequences } = world.state;
  agentSequences.load(first.id, { last: 1 });
  for (let index = 0; index < limits.inactiveInstancesPerCluster; index++) {
    const copy = madeUp(index);
    instances.load(copy, { ...first, id: copy, statusSince: first.statusSince + 1 + index });
  }
  assert.ok(anyStep(world) > 0);
  assert.equal(instances.size, limits.inactiveInstancesPerCluster);
  assert.deepEqual([instances.has(first.id), agentSequences.has(first.id)], [false, false]);
});

test("a cluster keeps the newest client tokens", () => {
  const world = new SmallWorld("tokens").withInstances(1);
  world.runTasks(aDefinition(), { clientToken: "first" });
  const { runTaskTokens, registrationTokens } = world.state;
  const expiresAt = world.now + limits.registrationTokenMs;
  const token = { token: "first", digest: "", taskIds: [], failures: [], expiresAt };
  for (let index = 0; index < limits.runTaskTokensPerCluster; index++) runTaskTokens.load(`t${index}`, token);
  for (let index = 0; index <= limits.registrationTokensPerCluster; index++) {
    registrationTokens.load(`t${index}`, { token: `t${index}`, instanceId: "x", expiresAt });
  }
  assert.ok(anyStep(world) > 0);
  assert.equal(runTaskTokens.size, limits.runTaskTokensPerCluster);
  assert.equal(registrationTokens.size, limits.registrationTokensPerCluster);
  assert.deepEqual([runTaskTokens.has("first"), runTaskTokens.has("t0")], [false, true]);
  assert.deepEqual([registrationTokens.has("t0"), registrationTokens.has("t1")], [false, true]);
});
