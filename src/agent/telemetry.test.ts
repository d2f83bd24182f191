import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { FromAgent } from "../agent-protocol/from-agent.ts";
import { seededRandom } from "../lib/random.ts";
import { VirtualClock } from "../lib/virtual-clock.ts";
import type { ContainerRuntime, ContainerUsage } from "./container-runtime.ts";
import { Bench } from "./engine/engine-bench.ts";
import type { EngineTask } from "./engine/engine-state.ts";
import type { TaskMetric } from "./task-metrics.ts";
import { publishIntervalMs, Telemetry } from "./telemetry.ts";

type Metrics = {
  readonly metadata: { readonly idle: boolean; readonly fin: boolean; readonly messageId: string };
  readonly taskMetrics?: readonly TaskMetric[];
};

const network = {
  rxBytes: 0,
  rxPackets: 0,
  rxErrors: 0,
  rxDropped: 0,
  txBytes: 0,
  txPackets: 0,
  txErrors: 0,
  txDropped: 0,
};

/** Telemetry over tasks and usage that the test sets. */
class Host {
  readonly clock = new VirtualClock(1_700_000_000_000);
  tasks: readonly EngineTask[] = [];
  usages: readonly ContainerUsage[] = [];
  isConnected = true;
  sent: FromAgent[] = [];
  readonly telemetry: Telemetry;

  constructor(metrics = true) {
    const runtime: ContainerRuntime = {
      version: "DockerVersion: 1",
      run: () => {},
      onEvent: () => {},
      check: () => Promise.resolve("OK"),
      onCheckChanged: () => {},
      usage: () => this.usages,
      close: () => {},
    };
    const ids = seededRandom("telemetry").stream("ids");
    this.telemetry = new Telemetry({
      clock: this.clock,
      log: () => {},
      runtime,
      publisher: () => ({ cluster: "c", containerInstance: "i", ids }),
      tasks: () => this.tasks,
      health: () => [],
      metrics,
      send: (message) => {
        if (this.isConnected) this.sent.push(message);
        return this.isConnected;
      },
    });
  }

  /** Tasks with one running container of this kind each. */
  run(count: number, spec: object = {}): void {
    const bench = new Bench();
    bench.run([spec]);
    bench.start("c0");
    const task = bench.engine.snapshot().tasks[0];
    assert.ok(task);
    this.tasks = Array.from({ length: count }, (_, i) => ({ ...structuredClone(task), arn: `task-${i}` }));
  }

  use(usage: Partial<ContainerUsage>): void {
    this.usages = this.tasks.map(({ arn }) => ({
      taskArn: arn,
      container: "c0",
      cpuPercent: [1, 3, 2],
      memoryMiB: [10, 20, 15],
      network: null,
      storage: null,
      ...usage,
    }));
  }

  metrics(): Metrics[] {
    return this.sent.flatMap(({ type, message }) =>
      type === "PublishMetricsRequest" ? [message as unknown as Metrics] : [],
    );
  }
}

describe("telemetry: metrics", () => {
  it("say at once and each 20 s that nothing runs", async () => {
    const host = new Host();
    host.telemetry.start();
    assert.deepEqual(host.sent, [
      {
        type: "PublishMetricsRequest",
        message: {
          metadata: {
            cluster: "c",
            containerInstance: "i",
            messageId: host.metrics()[0]?.metadata.messageId,
            idle: true,
            fin: true,
          },
          timestamp: 1_700_000_000,
        },
      },
    ]);
    await host.clock.advance(2 * publishIntervalMs);
    assert.equal(host.metrics().length, 3);
    host.telemetry.close();
  });

  it("are sums of the samples, and skipped before there are any", async () => {
    const host = new Host();
    host.run(1);
    host.telemetry.start();
    assert.deepEqual(host.sent, []);
    host.use({ storage: { readBytes: 4_096, writeBytes: 0 } });
    await host.clock.advance(publishIntervalMs);
    const [message] = host.metrics();
    assert.deepEqual([message?.metadata.idle, message?.metadata.fin], [false, true]);
    const read = { min: 4_096, max: 4_096, sum: 4_096, sampleCount: 1, overflowMin: 0, overflowMax: 0, overflowSum: 0 };
    assert.deepEqual(message?.taskMetrics, [
      {
        taskArn: "task-0",
        taskDefinitionFamily: "f",
        taskDefinitionVersion: "1",
        containerMetrics: [
          {
            containerName: "c0",
            cpuStatsSet: { min: 1, max: 3, sum: 6, sampleCount: 3 },
            memoryStatsSet: { min: 10, max: 20, sum: 45, sampleCount: 3 },
            storageStatsSet: {
              readSizeBytes: read,
              writeSizeBytes: { ...read, min: 0, max: 0, sum: 0 },
            },
          },
        ],
      },
    ]);
  });

  it("report network rates, which start again from zero after a restart", async () => {
    const host = new Host();
    host.run(1);
    const rates: unknown[] = [];
    for (const rxBytes of [1_000, 3_000, 400]) {
      host.use({ network: { ...network, rxBytes } });
      if (rates.length === 0) host.telemetry.start();
      else await host.clock.advance(publishIntervalMs);
      const set = host.metrics().at(-1)?.taskMetrics?.[0]?.containerMetrics[0]?.networkStatsSet;
      rates.push([set?.rxBytes?.sum, set?.rxBytesPerSecond?.sum]);
      assert.deepEqual(set?.rxBytesPerSecond, { ...set?.rxBytesPerSecond, sampleCount: 1 });
    }
    assert.deepEqual(rates, [
      [1_000, 0],
      [3_000, 100],
      [400, 20],
    ]);
  });

  it("report restarts since the last message, for containers with a policy", async () => {
    const host = new Host();
    host.run(1, { restartPolicy: { enabled: true } });
    host.use({});
    const counts: unknown[] = [];
    for (const restartCount of [0, 2, 3]) {
      const container = host.tasks[0]?.containers[0];
      assert.ok(container);
      container.restartCount = restartCount;
      if (counts.length === 0) host.telemetry.start();
      else await host.clock.advance(publishIntervalMs);
      counts.push(host.metrics().at(-1)?.taskMetrics?.[0]?.containerMetrics[0]?.restartStatsSet?.restartCount);
    }
    assert.deepEqual(counts, [0, 2, 1]);
    const plain = new Host();
    plain.run(1);
    plain.use({});
    plain.telemetry.start();
    assert.equal(plain.metrics()[0]?.taskMetrics?.[0]?.containerMetrics[0]?.restartStatsSet, undefined);
  });

  it("come ten tasks to a message, and the last message says that it is the last", () => {
    const host = new Host();
    host.run(25);
    host.use({});
    host.telemetry.start();
    assert.deepEqual(
      host.metrics().map(({ metadata, taskMetrics }) => [taskMetrics?.length, metadata.fin]),
      [
        [10, false],
        [10, false],
        [5, true],
      ],
    );
  });

  it("report nothing when they are disabled", () => {
    const host = new Host(false);
    host.run(1);
    host.use({});
    host.telemetry.start();
    assert.deepEqual(
      host.metrics().map(({ metadata, taskMetrics }) => [metadata.idle, taskMetrics]),
      [[true, undefined]],
    );
  });
});

describe("telemetry: without a socket", () => {
  it("waits, fifteen messages of each kind, and goes out with the next connection", async () => {
    const host = new Host();
    host.isConnected = false;
    host.telemetry.check(true);
    host.telemetry.start();
    await host.clock.advance(30 * publishIntervalMs);
    host.isConnected = true;
    host.telemetry.connected();
    const times = host.metrics().length;
    assert.equal(times, 15);
    assert.deepEqual(
      host.sent.filter(({ type }) => type === "PublishInstanceStatusRequest").length,
      1,
      "another kind is not displaced",
    );
    const last = host.sent.filter(({ type }) => type === "PublishMetricsRequest").at(-1);
    assert.ok(last?.type === "PublishMetricsRequest");
    assert.equal(last.message.timestamp, host.clock.now() / 1_000, "the oldest are dropped");
    host.telemetry.connected();
    assert.equal(host.metrics().length, times, "once");
    host.telemetry.close();
  });
});
