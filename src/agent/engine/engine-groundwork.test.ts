/** What is prepared for a task as a whole, what is booked for it, and what is reported about its images. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { arn, Bench } from "./engine-bench.ts";
import type { HostResources } from "./engine-resources.ts";
import { engineDefaults, officialEngineDefaults } from "./engine-step.ts";

describe("task engine: groundwork", () => {
  it("is requested alongside the pulls, and no container is created without it", () => {
    const bench = new Bench();
    bench.answersPrepare = false;
    bench.run([{}, {}]);
    assert.deepEqual(bench.didWithTask("prepare"), [arn]);
    assert.deepEqual(bench.did("pull"), ["c0", "c1"]);
    bench.event("c0", { type: "pulled", imageDigest: null });
    assert.deepEqual(bench.did("create"), []);
    bench.prepared();
    assert.deepEqual(bench.did("create"), ["c0"]);
    bench.prepared();
    assert.deepEqual(bench.did("create"), ["c0"], "told twice");
  });

  it("that fails stops the task with its reason, and without an exit code", () => {
    const bench = new Bench();
    bench.answersPrepare = false;
    bench.run([{}, {}]);
    bench.event("c0", { type: "pulled", imageDigest: null });
    bench.step({ type: "runtime", event: { type: "prepare-failed", taskArn: arn, reason: "no address is free" } });
    assert.deepEqual(bench.reports, [
      {
        task: arn,
        status: "STOPPED",
        reason: "no address is free",
        containers: [
          { containerName: "c0", status: "STOPPED" },
          { containerName: "c1", status: "STOPPED" },
        ],
        pullStartedAt: bench.now,
        pullStoppedAt: bench.now,
      },
    ]);
    assert.deepEqual(bench.didWithTask("release"), [arn]);
  });

  it("is awaited by a task that is to stop, and then released, once", () => {
    const bench = new Bench();
    bench.answersPrepare = false;
    bench.run([{}]);
    bench.stop();
    assert.deepEqual([bench.statuses(), bench.didWithTask("release")], [[], []]);
    bench.prepared();
    assert.deepEqual([bench.statuses(), bench.didWithTask("release")], [["STOPPED"], [arn]]);
    bench.prepared();
    assert.deepEqual(bench.didWithTask("release"), [arn]);
  });

  it("is released when the last container has stopped, and cleaned when the task is forgotten", () => {
    const bench = new Bench();
    bench.run([{}, {}]);
    bench.start("c0");
    bench.start("c1");
    bench.exit("c0", 0);
    assert.deepEqual(bench.didWithTask("release"), []);
    bench.exit("c1", 143);
    assert.deepEqual(bench.didWithTask("release"), [arn]);
    bench.step({ type: "settled", taskArn: arn });
    bench.commands = [];
    bench.pass(engineDefaults.taskCleanupMs);
    assert.deepEqual(
      bench.commands.map(({ type }) => type),
      ["remove", "remove", "clean"],
    );
  });

  it("is requested again after a restart, before anything else is created or started", () => {
    const bench = new Bench();
    bench.run([{}, {}, {}]);
    bench.start("c0");
    bench.event("c1", { type: "pulled", imageDigest: null });
    bench.event("c1", { type: "created", runtimeId: "id-c1" });
    bench.event("c2", { type: "pulled", imageDigest: null });
    bench.answersPrepare = false;
    bench.restart();
    assert.deepEqual(
      bench.commands.map(({ type }) => type),
      ["prepare", "watch"],
    );
    bench.prepared();
    assert.deepEqual([bench.did("start"), bench.did("create")], [["c1"], ["c2"]]);
  });

  it("that is lost over a restart stops what runs, with the reason", () => {
    const bench = new Bench();
    bench.run([{}]);
    bench.start("c0");
    bench.answersPrepare = false;
    bench.restart();
    bench.step({ type: "runtime", event: { type: "prepare-failed", taskArn: arn, reason: "the network is gone" } });
    assert.deepEqual(bench.did("stop"), ["c0"]);
    bench.exit("c0", 143);
    assert.equal(bench.reports.at(-1)?.reason, "the network is gone");
  });

  it("is released and cleaned again if the agent died before it was", () => {
    const bench = new Bench();
    bench.run([{}]);
    bench.start("c0");
    bench.exit("c0", 0);
    bench.restart();
    assert.deepEqual(bench.didWithTask("release"), [arn]);
    bench.step({ type: "settled", taskArn: arn });
    bench.pass(engineDefaults.taskCleanupMs);
    bench.restart();
    assert.deepEqual([bench.did("remove"), bench.didWithTask("clean")], [["c0"], [arn]]);
    bench.pass(1);
    bench.restart();
    assert.deepEqual(bench.commands, []);
  });
});

describe("task engine: network interfaces", () => {
  const awsvpc = { networkMode: "awsvpc", elasticNetworkInterfaces: [{ attachmentArn: "eni-arn" }] };

  it("are confirmed at once for a task whose order is still to come, also after a restart", () => {
    const bench = new Bench();
    bench.answersPrepare = false;
    bench.step({ type: "attach", taskArn: arn, attachmentArns: ["eni-arn"] });
    const confirmed = [{ task: arn, attachments: [{ attachmentArn: "eni-arn", status: "ATTACHED" }] }];
    assert.deepEqual([bench.acknowledged, bench.reports], [1, confirmed]);
    bench.restart();
    bench.step({ type: "attach", taskArn: arn, attachmentArns: ["eni-arn"] });
    bench.run([{}], awsvpc);
    bench.prepared();
    assert.deepEqual(bench.reports, confirmed);
  });

  it("are confirmed when the network is prepared, and once", () => {
    const bench = new Bench();
    bench.answersPrepare = false;
    bench.run([{}], awsvpc);
    bench.step({ type: "attach", taskArn: arn, attachmentArns: ["eni-arn", "eni-2"] });
    assert.equal(bench.acknowledged, 2);
    assert.deepEqual(bench.reports, []);
    bench.prepared();
    const attached = ["eni-arn", "eni-2"].map((attachmentArn) => ({ attachmentArn, status: "ATTACHED" }));
    assert.deepEqual(bench.reports, [{ task: arn, attachments: attached }]);
    bench.step({ type: "attach", taskArn: arn, attachmentArns: ["eni-arn"] });
    bench.restart();
    bench.prepared();
    assert.equal(bench.reports.length, 1);
  });

  it("are not confirmed when there is no network", () => {
    const bench = new Bench();
    bench.answersPrepare = false;
    bench.run([{}], awsvpc);
    bench.step({ type: "runtime", event: { type: "prepare-failed", taskArn: arn, reason: "no" } });
    assert.deepEqual(bench.statuses(), ["STOPPED"]);
    assert.equal(bench.reports[0]?.attachments, undefined);
  });
});

describe("task engine: digests", () => {
  it("are reported once all images are there, before RUNNING", () => {
    const bench = new Bench();
    bench.run([{}, {}]);
    bench.event("c0", { type: "pulled", imageDigest: "sha256:1" });
    bench.event("c0", { type: "created", runtimeId: "id-c0" });
    assert.equal(bench.reports.length, 0);
    bench.event("c1", { type: "pulled", imageDigest: null, reason: "CannotPullImageManifestError: older copy" });
    assert.deepEqual(bench.reports, [
      {
        task: arn,
        status: "PENDING",
        reason: "",
        containers: [{ containerName: "c0", imageDigest: "sha256:1", status: "PENDING" }],
      },
    ]);
    bench.event("c0", { type: "started", at: bench.now });
    bench.event("c1", { type: "created", runtimeId: "id-c1" });
    bench.event("c1", { type: "started", at: bench.now });
    const running = bench.reports[1];
    assert.equal(running?.status, "RUNNING");
    assert.equal(running?.containers?.[0]?.imageDigest, "sha256:1");
    assert.equal(running?.containers?.[1]?.reason, "CannotPullImageManifestError: older copy");
    bench.exit("c1", 0);
    bench.exit("c0", 0);
    assert.equal(bench.reports[2]?.containers?.[0]?.reason, undefined, "what ended it is not the pull");
  });

  it("are not reported for a task that stops meanwhile, nor if there are none", () => {
    const bench = new Bench();
    bench.run([{}, {}]);
    bench.event("c0", { type: "pulled", imageDigest: "sha256:1" });
    bench.event("c1", { type: "pull-failed", reason: "CannotPullContainerError: x" });
    assert.ok(!bench.statuses().includes("PENDING"));
    const plain = new Bench();
    plain.run([{}]);
    plain.start("c0");
    assert.deepEqual(plain.statuses(), ["RUNNING"]);
  });
});

const host: HostResources = {
  cpuUnits: 2_048,
  memoryMiB: 1_000,
  reservedPorts: { tcp: [22], udp: [53] },
  gpuIds: ["gpu-1", "gpu-2"],
};

describe("task engine: room on the host", () => {
  const second = `${arn}-2`;
  const third = `${arn}-3`;
  const bench = () => new Bench({ resources: host });
  const gpu = (name: string) => ({ associations: [{ name, type: "gpu", containers: ["c0"] }] });
  const port = (hostPort: number, protocol: "tcp" | "udp" = "tcp") => ({
    portMappings: [{ containerPort: 1, hostPort, protocol }],
  });

  /** Whether a second task starts while a first one is there. */
  const cases: readonly (readonly [string, Parameters<Bench["run"]>, Parameters<Bench["run"]>, boolean])[] = [
    ["CPU of tasks that fits", [[{}], { cpu: 1 }], [[{}], { cpu: 1 }], true],
    ["CPU of tasks that does not", [[{}], { cpu: 1 }], [[{}], { cpu: 1.5 }], false],
    ["CPU of containers that does not", [[{ cpu: 1_024 }, { cpu: 1_000 }]], [[{ cpu: 25 }]], false],
    ["CPU of a task before that of its containers", [[{ cpu: 2_048 }], { cpu: 1 }], [[{}], { cpu: 1 }], true],
    ["memory of tasks", [[{}], { memory: 600 }], [[{}], { memory: 600 }], false],
    ["memory of containers", [[{ memory: 600 }]], [[{ memory: 300 }, { memory: 101 }]], false],
    [
      "memory reservation before the limit",
      [[{ memory: 600 }]],
      [[{ memory: 600, dockerConfig: { hostConfig: `{"MemoryReservation":${400 * 1_048_576}}` } }]],
      true,
    ],
    ["one static port", [[port(80)]], [[port(80)]], false],
    ["two protocols", [[port(80)]], [[port(80, "udp")]], true],
    ["dynamic ports", [[port(0)]], [[port(0)]], true],
    ["distinct ports", [[port(80)], { networkMode: "awsvpc" }], [[port(80)], { networkMode: "awsvpc" }], true],
    ["host ports", [[port(80)]], [[{ portMappings: [{ containerPort: 80 }] }], { networkMode: "host" }], false],
    ["a reserved port", [[{}]], [[port(53, "udp")]], false],
    ["one GPU", [[{}], gpu("gpu-1")], [[{}], gpu("gpu-1")], false],
    ["two GPUs", [[{}], gpu("gpu-1")], [[{}], gpu("gpu-2")], true],
    ["Fargate, which is not accounted for", [[{}], { cpu: 2 }], [[{}], { cpu: 2, launchType: "FARGATE" }], true],
  ];
  for (const [what, first, next, begins] of cases) {
    it(`${begins ? "exists for" : "does not exist for"} ${what}`, () => {
      const it = bench();
      it.run(...first);
      it.run(next[0], { ...next[1], arn: second });
      assert.deepEqual(it.didWithTask("prepare"), begins ? [arn, second] : [arn]);
    });
  }

  it("is given strictly in order, when a task is STOPPED", () => {
    const it = bench();
    it.run([{}], { cpu: 1.5 });
    it.start("c0");
    it.run([{}], { arn: second, cpu: 1 });
    it.run([{}], { arn: third, cpu: 0.25 });
    assert.deepEqual(it.didWithTask("prepare"), [arn], "the third waits behind the second");
    it.stop();
    assert.deepEqual(it.didWithTask("prepare"), [arn]);
    it.restart();
    it.exit("c0", 143);
    assert.deepEqual(it.didWithTask("prepare"), [second, third]);
  });

  it("does not matter to a task that is stopped while it waits, nor to those behind it", () => {
    const it = bench();
    it.run([{}], { cpu: 64 });
    it.run([{}], { arn: second });
    assert.deepEqual(it.commands, []);
    it.stop();
    assert.deepEqual(it.statuses(), ["STOPPED"]);
    assert.deepEqual(it.didWithTask("release"), []);
    assert.deepEqual(it.didWithTask("prepare"), [second]);
  });

  it("is refused for a GPU that the host does not have", () => {
    const it = bench();
    it.run([{}], gpu("gpu-9"));
    assert.equal(it.acknowledged, 1);
    assert.match(it.reports[0]?.reason ?? "", /^resource cannot be initialized for task .*gpu-9/);
    const without = new Bench({ resources: { ...host, gpuIds: [] } });
    without.run([{}], gpu("gpu-9"));
    assert.deepEqual(without.didWithTask("prepare"), [arn]);
  });
});

describe("task engine: its defaults", () => {
  it("are the official agent's for real hosts", () => {
    const bench = new Bench(officialEngineDefaults);
    bench.run([{}, { essential: false }]);
    bench.start("c0");
    bench.start("c1");
    bench.exit("c1", 0);
    bench.pass(9_999);
    assert.equal(bench.reports.length, 1);
    bench.pass(20_001);
    assert.equal(bench.reports.length, 2, "10 to 30 s later");
    bench.exit("c0", 0);
    bench.step({ type: "settled", taskArn: arn });
    bench.pass(3 * 3_600_000 - 1);
    assert.deepEqual(bench.did("remove"), []);
    bench.pass(1);
    assert.deepEqual(bench.did("remove"), ["c1", "c0"]);
  });
});
