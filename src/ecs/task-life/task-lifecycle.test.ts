import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { must } from "../../lib/assert.ts";
import { type Task, type TaskStatus, taskStatuses } from "../documents/task.ts";
import { aCluster, aDefinition, awsvpcDefinition, inSubnet } from "../small-world.ts";
import { advance, wantStopped } from "./advance.ts";
import { taskLifecycle, taskSignals } from "./task-lifecycle.ts";

const bridgeTask = aCluster().withInstances(1).runTask(aDefinition());
const awsvpcTask = aCluster().withInstances(1).runTask(awsvpcDefinition(), inSubnet);

/** Brings a task to `status` in the regular way. */
function inStatus(task: Task, status: TaskStatus): Task {
  return { ...task, lastStatus: status, statusSince: 5, startedAt: status === "RUNNING" ? 4 : null };
}

/** The whole table again, one line for each status: its next status for each signal, in the order of `taskSignals`. */
const expected = `
PROVISIONING   PENDING PENDING - - - DEPROVISIONING - - DEPROVISIONING STOPPED
PENDING        - - ACTIVATING RUNNING DEPROVISIONING - - - - STOPPED
ACTIVATING     - - - RUNNING DEPROVISIONING - - - - STOPPED
RUNNING        - - - - DEPROVISIONING DEACTIVATING - - - STOPPED
DEACTIVATING   - - - - DEPROVISIONING - STOPPING - - STOPPED
STOPPING       - - - - DEPROVISIONING - - - - STOPPED
DEPROVISIONING - - - - - - - STOPPED - STOPPED
STOPPED        - - - - - - - - - -
DELETED        - - - - - - - - - -
`;

test("each signal moves each status as the task's life cycle says", () => {
  const lines = expected.trim().split("\n");
  assert.deepEqual(
    lines.map((line) => line.split(/\s+/)[0]),
    taskStatuses,
  );
  for (const line of lines) {
    const [status, ...nexts] = line.split(/\s+/) as [TaskStatus, ...string[]];
    assert.equal(nexts.length, taskSignals.length);
    for (const [index, signal] of taskSignals.entries()) {
      const next = must(nexts[index], "a cell").replace("-", "ignored");
      assert.equal(taskLifecycle[status][signal], next, `${status} on ${signal}`);
    }
  }
});

test("an ignored signal returns the very same task", () => {
  for (const status of taskStatuses) {
    for (const signal of taskSignals) {
      const task = inStatus(awsvpcTask, status);
      const after = advance(task, signal, 9);
      const next = taskLifecycle[status][signal];
      if (next === "ignored") assert.equal(after, task);
      else assert.deepEqual([after.lastStatus, after.statusSince], [next, 9], `${status} on ${signal}`);
    }
  }
});

test("without an ENI a task stays neither in DEACTIVATING nor in DEPROVISIONING", () => {
  for (const status of taskStatuses) {
    for (const signal of taskSignals) {
      const { lastStatus, stoppedAt } = advance(inStatus(bridgeTask, status), signal, 9);
      if (lastStatus === status) continue;
      assert.ok(lastStatus !== "DEACTIVATING" && lastStatus !== "DEPROVISIONING", `${status} on ${signal}`);
      assert.equal(stoppedAt, lastStatus === "STOPPED" ? 9 : null);
    }
  }
});

test("signals in any order never move a task back, set timestamps once, and end in STOPPED", () => {
  const signals = fc.array(fc.constantFrom(...taskSignals, "want-stopped" as const), { maxLength: 30 });
  fc.assert(
    fc.property(fc.boolean(), signals, (awsvpc, sequence) => {
      let task = awsvpc ? awsvpcTask : bridgeTask;
      let now = task.createdAt;
      for (const signal of sequence) {
        now += 1;
        const before = task;
        task =
          signal === "want-stopped" ? wantStopped(task, "UserInitiated", `at ${now}`, now) : advance(task, signal, now);
        assert.ok(taskStatuses.indexOf(task.lastStatus) >= taskStatuses.indexOf(before.lastStatus));
        for (const member of ["startedAt", "stoppedAt", "stoppingAt", "stoppedReason"] as const) {
          if (before[member] !== null) assert.equal(task[member], before[member], member);
        }
        assert.equal(task.stoppedAt !== null, task.lastStatus === "STOPPED");
        if (task.lastStatus === "RUNNING") assert.notEqual(task.startedAt, null);
        if (before.desiredStatus === "STOPPED") assert.equal(task.desiredStatus, "STOPPED");
        if (before.lastStatus === "STOPPED") assert.deepEqual({ ...task, ...wants(before) }, before);
      }
    }),
  );
});

/** The desired status doesn't affect lastStatus. */
const wants = ({ desiredStatus, stopCode, stoppedReason, stoppingAt }: Task): Partial<Task> => ({
  desiredStatus,
  stopCode,
  stoppedReason,
  stoppingAt,
});

test("a task that stops loses tags and protection, its containers stop and its ENI is deleted", () => {
  const running: Task = {
    ...inStatus(awsvpcTask, "STOPPING"),
    tags: [{ key: "a", value: "b" }],
    protectedUntil: 99,
    containers: awsvpcTask.containers.map((container) => ({ ...container, lastStatus: "RUNNING" })),
  };
  const leaving = advance(running, "agent-stopped", 10);
  assert.deepEqual(
    leaving.attachments.map(({ status }) => status),
    ["DETACHING"],
  );
  assert.equal(leaving.stoppedAt, null);
  const gone = advance(leaving, "network-interface-gone", 20);
  assert.deepEqual([gone.tags, gone.protectedUntil, gone.stoppedAt], [[], null, 20]);
  assert.deepEqual(
    [...gone.attachments.map(({ status }) => status), ...gone.containers.map(({ lastStatus }) => lastStatus)],
    ["DELETED", "STOPPED"],
  );
});

test("the first reason to stop counts", () => {
  const once = wantStopped(bridgeTask, "UserInitiated", "one", 10);
  assert.deepEqual([once.desiredStatus, once.stoppedReason, once.stoppingAt], ["STOPPED", "one", 10]);
  assert.equal(wantStopped(once, "ServiceSchedulerInitiated", "two", 20), once);
});
