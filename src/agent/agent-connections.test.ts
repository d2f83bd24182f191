import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { taskArn, World } from "./played-control-plane.ts";

const minute = 60_000;

describe("agent: its connections", () => {
  it("are renewed after 30 to 35 minutes, without a pause", async () => {
    const world = new World();
    await world.start();
    const first = world.of("acs")[0];
    assert.ok(first);
    for (let i = 0; i < 29; i++) {
      await world.heartbeat();
      await world.clock.advance(minute);
    }
    assert.deepEqual([world.of("acs").length, world.of("tcs").length], [1, 1]);
    for (let i = 0; i < 6 * 6; i++) {
      await world.heartbeat();
      await world.clock.advance(minute / 6);
    }
    for (const channel of ["acs", "tcs"] as const) {
      const [old, renewed] = world.of(channel);
      assert.equal(old?.connection.closedByAgent, 1000);
      assert.equal(old?.connection.reasonByAgent, "ConnectionExpired: Reconnect to continue");
      assert.equal(renewed?.at, old?.connection.closedAt);
      const livedMs: number = (old?.connection.closedAt ?? 0) - first.at;
      assert.ok(livedMs >= 30 * minute && livedMs < 35 * minute, `${livedMs}`);
    }
  });

  it("after silence, telemetry reconnects at once and commands after a pause", async () => {
    const world = new World();
    await world.start();
    await world.heartbeat();
    await world.clock.advance(2 * minute + 1_000);
    const pause = (channel: "acs" | "tcs") => {
      const [old, renewed] = world.of(channel);
      return (renewed?.at ?? 0) - (old?.connection.closedAt ?? 0);
    };
    assert.equal(pause("tcs"), 0);
    assert.ok(pause("acs") >= 200, `${pause("acs")}`);
  });

  it("carry the usage of simulated containers", async () => {
    const world = new World();
    await world.start();
    await world.run("nginx", { cpu: 1_024, memory: 100 });
    await world.clock.advance(20_000);
    const sent = world.last("tcs").sent.filter(({ type }) => type === "PublishMetricsRequest");
    assert.deepEqual(
      sent.map(({ message }) => (message.metadata as { idle: boolean }).idle),
      [true, false],
    );
    const [task] = (sent[1]?.message.taskMetrics ?? []) as {
      taskArn: string;
      containerMetrics: Record<string, unknown>[];
    }[];
    assert.equal(task?.taskArn, taskArn);
    // Half of one of the host's two cores.
    assert.deepEqual(task?.containerMetrics[0]?.cpuStatsSet, { min: 20, max: 30, sum: 75, sampleCount: 3 });
    assert.deepEqual(task?.containerMetrics[0]?.memoryStatsSet, { min: 40, max: 60, sum: 150, sampleCount: 3 });
  });
});

describe("agent: restart policy", () => {
  const policy = { enabled: true, ignoredExitCodes: [], restartAttemptPeriod: 60 };

  it("restarts a simulated container that ran long enough, without reporting it", async () => {
    const world = new World();
    const host = await world.start();
    await world.run("berth/crash-after:90", { restartPolicy: policy });
    await world.clock.advance(5 * 90_000 - 10_000);
    assert.deepEqual(
      world.reports().map(({ status }) => status),
      ["RUNNING"],
    );
    const [container] = [...host.agent.tasks()][0]?.containers ?? [];
    assert.equal(container?.restartCount, 4);
    assert.equal(host.runtime.containers, 1);
    const counts = world
      .of("tcs")
      .flatMap(({ connection }) => connection.sent)
      .flatMap(({ type, message }) =>
        type === "PublishMetricsRequest"
          ? ((message.taskMetrics ?? []) as { containerMetrics: { restartStatsSet: { restartCount: number } }[] }[])
          : [],
      )
      .map(({ containerMetrics }) => containerMetrics[0]?.restartStatsSet.restartCount ?? 0);
    assert.equal(
      counts.reduce((sum, count) => sum + count, 0),
      4,
    );
  });

  it("does not restart a container that ended too soon", async () => {
    const world = new World();
    await world.start();
    await world.run("berth/crash-after:30", { restartPolicy: policy });
    await world.clock.advance(31_000);
    assert.equal(world.reports().at(-1)?.status, "STOPPED");
  });

  it("goes on after a restart of the agent", async () => {
    const world = new World();
    const first = await world.start();
    await world.run("berth/crash-after:90", { restartPolicy: policy });
    await world.clock.advance(80_000);
    await first.stop();
    await world.clock.advance(60_000);
    const second = await world.start();
    await world.clock.advance(1_000);
    assert.equal([...second.agent.tasks()][0]?.containers[0]?.restartCount, 1);
    assert.deepEqual(
      world.reports().map(({ status }) => status),
      ["RUNNING"],
    );
  });
});

describe("agent: the state on its disk", () => {
  it("written by another version of Berth identifies the instance, and the rest is ignored", async () => {
    const world = new World();
    const first = await world.start();
    await world.run("nginx");
    await world.clock.advance(1_000);
    await first.stop();
    const saved = await world.disk.load();
    assert.ok(saved);
    await world.disk.save({ ...saved, format: 1 });
    const second = await world.start();
    assert.equal(second.agent.containerInstanceArn, first.agent.containerInstanceArn);
    assert.equal(second.agent.liveTasks, 0);
  });
});
