import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { arn, Bench } from "./engine-bench.ts";

const policy = { enabled: true, ignoredExitCodes: [0], restartAttemptPeriod: 60 };

/** A task of one container with this policy, running since `startedAt`. */
function running(restartPolicy: object, more: object = {}): Bench {
  const bench = new Bench();
  bench.run([{ restartPolicy, ...more }]);
  bench.start("c0");
  bench.commands = [];
  return bench;
}

const restarts = (bench: Bench): number => [...bench.engine.tasks()][0]?.containers[0]?.restartCount ?? 0;

describe("task engine: restart policy", () => {
  const cases: readonly (readonly [string, object, number, number | null, boolean])[] = [
    ["after the period", policy, 60, 1, true],
    ["before the period is over", policy, 59, 1, false],
    ["with an exit code that is ignored", policy, 60, 0, false],
    ["with an exit code that nobody knows", policy, 60, null, false],
    ["when it is not enabled", { ...policy, enabled: false }, 60, 1, false],
    ["after five minutes, when no period is given", { enabled: true }, 300, 0, true],
    ["before five minutes, when no period is given", { enabled: true }, 299, 0, false],
  ];
  for (const [when, restartPolicy, seconds, exitCode, starts] of cases) {
    it(`${starts ? "starts" : "does not start"} a container again ${when}`, () => {
      const bench = running(restartPolicy);
      bench.now += seconds * 1_000;
      bench.event("c0", { type: "exited", exitCode, reason: null, at: bench.now });
      assert.deepEqual(bench.did("start"), starts ? ["c0"] : []);
      assert.deepEqual(bench.statuses(), starts ? ["RUNNING"] : ["RUNNING", "STOPPED"]);
    });
  }

  it("reports only the count of restarts, and measures the period from the last start", () => {
    const bench = running(policy);
    bench.now += 60_000;
    bench.exit("c0", 1);
    bench.exit("c0", 1);
    assert.deepEqual(bench.did("start"), ["c0"], "an exit that is reported twice counts once");
    assert.equal(restarts(bench), 0);
    bench.now += 1_000;
    bench.event("c0", { type: "started", at: bench.now });
    bench.event("c0", { type: "started", at: bench.now });
    assert.equal(restarts(bench), 1);
    bench.pass(59_000);
    assert.equal(bench.reports.length, 1);
    bench.exit("c0", 7);
    assert.deepEqual(bench.statuses(), ["RUNNING", "STOPPED"]);
    assert.equal(bench.reports[1]?.containers?.[0]?.exitCode, 7);
    assert.equal(bench.reports[1]?.executionStoppedAt, bench.now);
  });

  it("keeps containers up for one that needs them, and RUNNING waits for no restart", () => {
    const bench = new Bench();
    bench.run([
      { restartPolicy: policy, essential: false },
      { dependsOn: [{ containerName: "c0", condition: "START" }] },
    ]);
    bench.event("c1", { type: "pulled", imageDigest: null });
    bench.start("c0");
    bench.now += 60_000;
    bench.exit("c0", 1);
    bench.event("c1", { type: "created", runtimeId: "id-c1" });
    bench.event("c1", { type: "started", at: bench.now });
    assert.deepEqual(bench.statuses(), ["RUNNING"]);
    assert.deepEqual(bench.did("stop"), []);
  });

  it("does nothing for a task that is to stop", () => {
    const bench = running(policy);
    bench.stop();
    bench.now += 60_000;
    bench.exit("c0", 143);
    assert.deepEqual(bench.did("start"), []);
    assert.equal(bench.statuses().at(-1), "STOPPED");
  });

  it("stops a container that was being started when the order came", () => {
    const bench = running(policy);
    bench.now += 60_000;
    bench.exit("c0", 1);
    bench.stop();
    assert.deepEqual([bench.did("stop"), bench.statuses()], [[], ["RUNNING"]]);
    bench.event("c0", { type: "started", at: bench.now + 1 });
    assert.deepEqual(bench.did("stop"), ["c0"]);
    bench.now += 2;
    bench.exit("c0", 143);
    assert.equal(bench.reports.at(-1)?.containers?.[0]?.exitCode, 143);
  });

  it("stops what a container needs only after that container, even if it was being started", () => {
    const bench = new Bench();
    bench.run([{}, { restartPolicy: policy, dependsOn: [{ containerName: "c0", condition: "START" }] }]);
    bench.start("c0");
    bench.start("c1");
    bench.now += 60_000;
    bench.exit("c1", 1);
    bench.stop();
    assert.deepEqual(bench.did("stop"), []);
    bench.event("c1", { type: "started", at: bench.now + 1 });
    bench.now += 2;
    bench.exit("c1", 143);
    assert.deepEqual(bench.did("stop"), ["c1", "c0"]);
  });

  it("ends with the last exit code if the container cannot be started again", () => {
    const bench = running(policy);
    const exitedAt = bench.now + 60_000;
    bench.now = exitedAt;
    bench.exit("c0", 9);
    bench.now += 5;
    bench.event("c0", { type: "start-failed", reason: "CannotStartContainerError: no" });
    const stopped = bench.reports.at(-1);
    assert.deepEqual(stopped?.containers, [
      {
        containerName: "c0",
        status: "STOPPED",
        runtimeId: "id-c0",
        exitCode: 9,
        reason: "CannotStartContainerError: no",
      },
    ]);
    assert.equal(stopped?.executionStoppedAt, exitedAt);
  });

  it("resumes after an agent restart in the middle of it, whether the container runs or not", () => {
    for (const runs of [true, false]) {
      const bench = running(policy);
      bench.now += 60_000;
      const exitedAt = bench.now;
      bench.exit("c0", 1);
      bench.restart();
      assert.deepEqual(bench.did("watch"), ["c0"]);
      if (!runs) {
        bench.event("c0", { type: "exited", exitCode: 1, reason: null, at: exitedAt });
        assert.deepEqual(bench.did("start"), ["c0"]);
        bench.event("c0", { type: "started", at: bench.now + 1 });
      }
      assert.deepEqual(bench.statuses(), ["RUNNING"]);
      assert.equal(bench.engine.task(arn)?.containers[0]?.phase, "running");
    }
  });
});
