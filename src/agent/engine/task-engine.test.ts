import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { arn, Bench } from "./engine-bench.ts";
import { engineDefaults } from "./engine-step.ts";

describe("task engine", () => {
  it("reports RUNNING once all containers have started, with their ports", () => {
    const bench = new Bench();
    bench.run([{ portMappings: [{ containerPort: 80 }] }, {}]);
    bench.start("c0");
    assert.deepEqual(bench.statuses(), []);
    bench.start("c1");
    const report = bench.reports[0];
    assert.equal(report?.status, "RUNNING");
    assert.deepEqual(report?.containers, [
      {
        containerName: "c0",
        status: "RUNNING",
        runtimeId: "id-c0",
        networkBindings: [{ bindIP: "0.0.0.0", containerPort: 80, hostPort: 32_768, protocol: "tcp" }],
      },
      { containerName: "c1", status: "RUNNING", runtimeId: "id-c1" },
    ]);
  });

  it("stops the others when an essential container exits, and reports STOPPED once", () => {
    const bench = new Bench();
    bench.run([{}, {}]);
    bench.start("c0");
    bench.start("c1");
    bench.exit("c0", 3);
    assert.deepEqual(bench.did("stop"), ["c1"]);
    assert.deepEqual(bench.statuses(), ["RUNNING"]);
    bench.exit("c1", 143);
    assert.deepEqual(bench.statuses(), ["RUNNING", "STOPPED"]);
    assert.deepEqual(
      bench.reports[1]?.containers?.map(({ containerName, exitCode }) => [containerName, exitCode]),
      [
        ["c0", 3],
        ["c1", 143],
      ],
    );
  });

  it("reports a non-essential exit with the task's status, after a moment", () => {
    const bench = new Bench();
    bench.run([{}, { essential: false }]);
    bench.start("c0");
    bench.start("c1");
    bench.exit("c1", 1);
    assert.equal(bench.reports.length, 1);
    assert.equal(bench.engine.nextDueAt(), bench.now + engineDefaults.containerChangeDelayMs);
    bench.pass(engineDefaults.containerChangeDelayMs);
    assert.equal(bench.reports[1]?.status, "RUNNING");
    assert.equal(bench.reports[1]?.containers?.[0]?.exitCode, 1);
    assert.deepEqual(bench.did("stop"), []);
  });

  it("says which tasks a step has changed, and a timer changes only those that are due", () => {
    const bench = new Bench();
    const arns = Array.from({ length: 50 }, (_, at) => `${arn}-${at}`);
    const container = (name: string, essential: boolean) => ({ name, image: "busybox", essential });
    for (const each of arns) bench.run([container("main", true), container("side", false)], { arn: each });
    for (const taskArn of arns) {
      for (const name of ["main", "side"]) {
        const event = { taskArn, container: name };
        bench.step({ type: "runtime", event: { ...event, type: "pulled", imageDigest: null } });
        bench.step({ type: "runtime", event: { ...event, type: "created", runtimeId: `${taskArn}-${name}` } });
        bench.step({ type: "runtime", event: { ...event, type: "started", at: bench.now } });
      }
    }
    const changed = () => [...bench.engine.takeChanges().written].map((task) => task.arn);
    assert.equal(changed().length, 50);
    const exited = { container: "side", type: "exited", exitCode: 0, reason: null } as const;
    bench.step({ type: "runtime", event: { taskArn: arns[7] ?? "", ...exited, at: bench.now + 1 } });
    assert.deepEqual(changed(), [arns[7]]);
    bench.pass(engineDefaults.containerChangeDelayMs);
    assert.deepEqual(changed(), [arns[7]]);
    bench.pass(engineDefaults.containerChangeDelayMs);
    assert.deepEqual(changed(), []);
  });

  it("answers an order to stop an unknown task, and does not start it afterwards", () => {
    const bench = new Bench();
    bench.stop();
    assert.equal(bench.reports[0]?.status, "STOPPED");
    assert.match(bench.reports[0]?.reason ?? "", /^TaskStateError/);
    bench.stop();
    bench.run([{}]);
    assert.equal(bench.reports.length, 1);
    assert.deepEqual(bench.commands, []);
  });

  it("acknowledges and ignores a repeated order to run", () => {
    const bench = new Bench();
    bench.run([{}]);
    bench.start("c0");
    bench.run([{}]);
    assert.equal(bench.acknowledged, 2);
    assert.deepEqual(bench.did("create"), ["c0"]);
  });

  it("stops a task whose containers do not exist yet, waiting only for what is under way", () => {
    const bench = new Bench();
    bench.run([{}, {}]);
    bench.event("c0", { type: "pulled", imageDigest: null });
    bench.stop();
    assert.deepEqual(bench.statuses(), [], "c0 is being created");
    bench.event("c0", { type: "created", runtimeId: "id" });
    assert.deepEqual(bench.statuses(), ["STOPPED"]);
    assert.deepEqual(bench.did("start"), []);
  });

  it("uses the stop timeout of the container, or 30 s", () => {
    const bench = new Bench();
    bench.run([{ stopTimeout: 2 }, {}]);
    bench.start("c0");
    bench.start("c1");
    bench.stop();
    const timeouts = bench.commands.flatMap((command) => (command.type === "stop" ? [command.timeoutMs] : []));
    assert.deepEqual(timeouts, [2_000, 30_000]);
  });

  it("reports why a container was not created", () => {
    const bench = new Bench();
    bench.run([{}]);
    bench.event("c0", { type: "pull-failed", reason: "CannotPullContainerError: no" });
    assert.equal(bench.reports[0]?.status, "STOPPED");
    const container = bench.reports[0]?.containers?.[0];
    assert.equal(container?.reason, "CannotPullContainerError: no");
    assert.equal(container?.runtimeId, undefined);
    assert.equal(container?.exitCode, undefined);
  });

  it("treats a payload without containers as its own error and does not acknowledge it", () => {
    const bench = new Bench();
    bench.run([]);
    assert.equal(bench.acknowledged, 0);
    assert.match(bench.reports[0]?.reason ?? "", /^UnrecogniedTaskError/);
  });

  it("confirms a task's network interfaces first, and once", () => {
    const bench = new Bench();
    const elasticNetworkInterfaces = [{ attachmentArn: "eni-arn" }];
    bench.step({ type: "attach", taskArn: arn, attachmentArns: ["eni-arn"] });
    bench.run([{ portMappings: [{ containerPort: 80, hostPort: 80 }] }], {
      networkMode: "awsvpc",
      elasticNetworkInterfaces,
    });
    bench.start("c0");
    assert.deepEqual(bench.reports[0], { task: arn, attachments: [{ attachmentArn: "eni-arn", status: "ATTACHED" }] });
    assert.equal(bench.reports.length, 2);
    assert.equal(bench.reports[1]?.containers?.[0]?.networkBindings, undefined);
  });

  it("forgets a task only after its last report was accepted", () => {
    const bench = new Bench();
    bench.run([{}]);
    bench.start("c0");
    bench.exit("c0", 0);
    bench.pass(engineDefaults.taskCleanupMs * 2);
    assert.deepEqual(bench.did("remove"), []);
    bench.step({ type: "settled", taskArn: arn });
    bench.pass(engineDefaults.taskCleanupMs);
    assert.deepEqual(bench.did("remove"), ["c0"]);
    assert.deepEqual(bench.engine.snapshot().tasks, []);
    assert.deepEqual(bench.engine.snapshot().past, []);
  });

  it("does not acknowledge a payload with a task that it cannot load, but runs the other tasks", () => {
    const bench = new Bench();
    const containers = [{ name: "c0", image: "busybox", essential: true }];
    const volumes = [{ name: "v", type: "host" as const }];
    bench.step({
      type: "payload",
      sequence: 1,
      tasks: [
        { arn: `${arn}-2`, desiredStatus: "RUNNING", containers, volumes },
        { arn, desiredStatus: "RUNNING", containers, volumes: [{ name: "v", type: "host", host: {} }] },
      ],
    });
    assert.equal(bench.acknowledged, 0);
    assert.deepEqual(bench.reports, [
      {
        task: `${arn}-2`,
        status: "STOPPED",
        reason: "UnrecogniedTaskError: Error loading task - invalid volume: empty volume configuration",
      },
    ]);
    assert.deepEqual(bench.didWithTask("prepare"), [arn]);
  });

  it("refuses a host port that another task has", () => {
    const bench = new Bench();
    bench.run([{ portMappings: [{ containerPort: 80, hostPort: 8080 }] }]);
    bench.start("c0");
    bench.step({
      type: "payload",
      sequence: 2,
      tasks: [
        {
          arn: `${arn}-2`,
          desiredStatus: "RUNNING",
          containers: [
            { name: "x", image: "i", essential: true, portMappings: [{ containerPort: 1, hostPort: 8080 }] },
          ],
        },
      ],
    });
    bench.step({ type: "runtime", event: { taskArn: `${arn}-2`, container: "x", type: "pulled", imageDigest: null } });
    assert.match(
      bench.reports[1]?.containers?.[0]?.reason ?? "",
      /CannotStartContainerError.*0\.0\.0\.0:8080 failed: port is already allocated/,
    );
  });
});

describe("task engine: dependencies between containers", () => {
  const dependsOn = (condition: "CREATE" | "START" | "COMPLETE" | "SUCCESS" | "HEALTHY") => [
    { containerName: "c0", condition },
  ];

  it("creates a container when its condition holds", () => {
    const bench = new Bench();
    bench.run([{ essential: false }, { dependsOn: dependsOn("SUCCESS") }]);
    bench.event("c1", { type: "pulled", imageDigest: null });
    bench.start("c0");
    assert.deepEqual(bench.did("create"), ["c0"]);
    bench.exit("c0", 0);
    assert.deepEqual(bench.did("create"), ["c0", "c1"]);
  });

  it("waits for HEALTHY", () => {
    const bench = new Bench();
    bench.run([{ healthCheckType: "docker" }, { dependsOn: dependsOn("HEALTHY") }]);
    bench.event("c1", { type: "pulled", imageDigest: null });
    bench.start("c0");
    bench.event("c0", { type: "health", status: "UNHEALTHY" });
    assert.deepEqual(bench.did("create"), ["c0"]);
    bench.event("c0", { type: "health", status: "HEALTHY" });
    assert.deepEqual(bench.did("create"), ["c0", "c1"]);
  });

  it("stops the task when SUCCESS has become impossible", () => {
    const bench = new Bench();
    bench.run([{ essential: false }, { dependsOn: dependsOn("SUCCESS") }]);
    bench.event("c1", { type: "pulled", imageDigest: null });
    bench.start("c0");
    bench.exit("c0", 1);
    const stopped = bench.reports.at(-1);
    assert.equal(stopped?.status, "STOPPED");
    const kept = stopped?.containers?.find((container) => container.containerName === "c1");
    assert.equal(kept?.exitCode, 143);
    assert.match(kept?.reason ?? "", /did not exit successfully/);
  });

  it("gives up waiting after the start timeout", () => {
    const bench = new Bench();
    bench.run([{ healthCheckType: "docker", startTimeout: 5 }, { dependsOn: dependsOn("HEALTHY") }]);
    bench.event("c1", { type: "pulled", imageDigest: null });
    bench.start("c0");
    const dueAt = bench.engine.nextDueAt() ?? 0;
    bench.pass(4_999);
    assert.deepEqual(bench.did("stop"), []);
    bench.pass(dueAt - bench.now + 5_000);
    assert.deepEqual(bench.did("stop"), ["c0"]);
  });

  it("stops in the reverse order", () => {
    const bench = new Bench();
    bench.run([{}, { dependsOn: dependsOn("START") }]);
    bench.start("c0");
    bench.start("c1");
    bench.stop();
    assert.deepEqual(bench.did("stop"), ["c1"]);
    bench.exit("c1", 143);
    assert.deepEqual(bench.did("stop"), ["c1", "c0"]);
  });

  it("stops a task whose dependencies form a cycle", () => {
    const bench = new Bench();
    bench.run([{ dependsOn: [{ containerName: "c1", condition: "START" }] }, { dependsOn: dependsOn("START") }]);
    assert.equal(bench.reports[0]?.reason, `Task dependencies cannot be resolved, taskArn: ${arn}`);
  });
});

describe("task engine: manifest and restart", () => {
  it("asks about tasks that are missing from the manifest, and stops those it is ordered to, once", () => {
    const bench = new Bench();
    bench.run([{}]);
    bench.start("c0");
    const asked = bench.engine.step({ type: "manifest", messageId: "m1", timeline: 5, tasks: [] }, bench.now);
    assert.deepEqual(asked, [{ type: "acknowledge" }, { type: "stop-candidates", messageId: "m1", taskArns: [arn] }]);
    bench.step({ type: "stop-confirmed", messageId: "other", taskArns: [arn] });
    assert.deepEqual(bench.did("stop"), []);
    bench.step({ type: "stop-confirmed", messageId: "m1", taskArns: [arn] });
    assert.deepEqual(bench.did("stop"), ["c0"]);
  });

  it("ignores a manifest that is not newer than a payload", () => {
    const bench = new Bench();
    bench.run([{}]);
    assert.deepEqual(bench.engine.step({ type: "manifest", messageId: "m", timeline: 1, tasks: [] }, bench.now), []);
  });

  it("continues where it was after a restart", () => {
    const bench = new Bench();
    bench.run([{}, {}, {}]);
    bench.start("c0");
    bench.event("c1", { type: "pulled", imageDigest: null });
    bench.restart();
    assert.deepEqual(bench.did("watch"), ["c0"]);
    assert.deepEqual(bench.did("create"), ["c1"]);
    assert.deepEqual(bench.did("pull"), ["c2"]);
    bench.start("c2");
    bench.event("c1", { type: "created", runtimeId: "id-c1" });
    bench.event("c1", { type: "started", at: bench.now });
    assert.deepEqual(bench.statuses(), ["RUNNING"]);
  });

  it("repeats the stops that were under way", () => {
    const bench = new Bench();
    bench.run([{}]);
    bench.start("c0");
    bench.stop();
    bench.restart();
    assert.deepEqual(bench.did("stop"), ["c0"]);
  });
});
