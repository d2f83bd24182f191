import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ECS, type Service } from "@aws-sdk/client-ecs";
import { must } from "../src/lib/assert.ts";
import { SqliteStore } from "../src/store/sqlite/sqlite-store.ts";
import { type Figure, type StartedChild, startChild } from "./figure.ts";

const region = "us-east-1";
const pollMs = 100;
const patienceMs = 900_000;
/** Each host takes forty of the tasks below: enough for twice the desired count, including the tasks of draining hosts. */
const host = { cpu: 4_096, memoryMiB: 16_384 };
const containers = [{ name: "main", image: "bench", cpu: 100, memory: 128, essential: true }];
const parallelCalls = 32;

/** What `berth dev` reports about itself. */
type Meters = {
  readonly cpuSeconds: number;
  readonly appends: number;
  readonly appendBytes: number;
  /** Since the last reading. */
  readonly loopP99Ms: number;
  readonly loopMaxMs: number;
};

/** A `berth dev` on SQLite with simulated hosts, and what service benchmarks do with it. */
export class ServiceBench {
  readonly ecs: ECS;
  readonly family = "bench";
  readonly instances: readonly string[];
  readonly #dataDir: string;
  readonly #server: StartedChild;
  readonly #url: string;

  private constructor(dataDir: string, server: StartedChild) {
    this.#dataDir = dataDir;
    this.#server = server;
    this.#url = String(server.first.url);
    this.instances = server.first.instances as string[];
    const credentials = { accessKeyId: "bench", secretAccessKey: "bench" };
    this.ecs = new ECS({ endpoint: this.#url, region, credentials, maxAttempts: 1 });
  }

  /** BENCH_NODE_FLAGS are flags for the server's Node, such as --cpu-prof. */
  static async open(hosts: number, timeScale: number): Promise<ServiceBench> {
    const dataDir = mkdtempSync(join(tmpdir(), "berth-bench-"));
    const size = ["--instances", String(hosts), "--cpu", String(host.cpu), "--memory", String(host.memoryMiB)];
    const flags = [
      "--port",
      "0",
      "--data-dir",
      dataDir,
      "--json",
      "--log-level",
      "error",
      "--runtime",
      "simulated",
      "--fargate",
      "off",
    ];
    const node = (process.env.BENCH_NODE_FLAGS ?? "").split(" ").filter((flag) => flag !== "");
    const scale = ["--time-scale", String(timeScale)];
    const server = await startChild([...node, "src/cli/berth.js", "dev", ...flags, ...size, ...scale]);
    return new ServiceBench(dataDir, server);
  }

  async close(): Promise<void> {
    this.ecs.destroy();
    await this.#server.stop();
    rmSync(this.#dataDir, { recursive: true, force: true });
  }

  async registerTaskDefinition(): Promise<void> {
    await this.ecs.registerTaskDefinition({ family: this.family, containerDefinitions: containers });
  }

  async inParallel(count: number, call: (at: number) => Promise<unknown>): Promise<void> {
    let next = 0;
    const one = async (): Promise<void> => {
      for (let at = next++; at < count; at = next++) await call(at);
    };
    await Promise.all(Array.from({ length: parallelCalls }, one));
  }

  async setStatus(arns: readonly string[], status: "ACTIVE" | "DRAINING"): Promise<void> {
    for (let at = 0; at < arns.length; at += 10) {
      await this.ecs.updateContainerInstancesState({ containerInstances: arns.slice(at, at + 10), status });
    }
  }

  async tasksOn(arns: readonly string[]): Promise<number> {
    const { containerInstances = [] } = await this.ecs.describeContainerInstances({ containerInstances: [...arns] });
    return containerInstances.reduce(
      (sum, { runningTasksCount = 0, pendingTasksCount = 0 }) => sum + runningTasksCount + pendingTasksCount,
      0,
    );
  }

  async untilEmpty(arns: readonly string[]): Promise<void> {
    await until(`${arns.length} instances without tasks`, async () => (await this.tasksOn(arns)) === 0);
  }

  async untilRunning(service: string, tasks: number): Promise<void> {
    await this.#until(service, `${tasks} RUNNING`, ({ runningCount }) => runningCount === tasks);
  }

  async untilRolledOut(service: string, tasks: number): Promise<void> {
    await this.#until(service, "rolled out", ({ runningCount, deployments = [] }) => {
      return runningCount === tasks && deployments.length === 1 && deployments[0]?.rolloutState === "COMPLETED";
    });
  }

  async untilSteady(service: string): Promise<void> {
    await this.#until(service, "steady", ({ events = [], runningCount, desiredCount, deployments = [] }) => {
      const isSteady = events[0]?.message?.endsWith("has reached a steady state.") === true;
      return isSteady && runningCount === desiredCount && deployments.length === 1;
    });
  }

  async #until(service: string, what: string, holds: (described: Service) => boolean): Promise<void> {
    await until(`${service} ${what}`, async () => {
      const { services = [] } = await this.ecs.describeServices({ services: [service] });
      return holds(must(services[0], `the service ${service}`));
    });
  }

  /**
   * Measures `work`, which handles `tasks` tasks: how long it takes, compared with appending the same bytes and nothing else, and
   * its effect on the event loop and other callers.
   */
  async phase(name: string, tasks: number, watch: { service: string }, work: () => Promise<void>): Promise<Figure[]> {
    const before = await this.#meters();
    const watcher = new Watcher(this.ecs, watch.service);
    const begin = performance.now();
    await work();
    const seconds = (performance.now() - begin) / 1_000;
    const calls = await watcher.end();
    const after = await this.#meters();
    const appends = after.appends - before.appends;
    const bytes = after.appendBytes - before.appendBytes;
    const plain = await plainAppends(appends, bytes);
    const each = `${(tasks / seconds).toFixed(0)} tasks/s; ${(after.cpuSeconds - before.cpuSeconds).toFixed(1)} s of CPU, ${this.memoryMiB().toFixed(0)} MiB`;
    const store = `${(bytes / 2 ** 20).toFixed(0)} MiB in ${appends} appends, which alone take ${plain.toFixed(1)} s (${(seconds / plain).toFixed(1)} times)`;
    return [
      { name, value: seconds, unit: "s", beside: `${each}; ${store}` },
      {
        name: `  DescribeServices meanwhile, p99`,
        value: calls.p99Ms,
        unit: "ms",
        beside: `p50 ${calls.p50Ms.toFixed(1)}, longest ${calls.maxMs.toFixed(0)} of ${calls.count}${calls.refused === 0 ? "" : `, ${calls.refused} refused`}`,
      },
      {
        name: `  delay of the event loop, p99`,
        value: after.loopP99Ms,
        unit: "ms",
        beside: `longest ${after.loopMaxMs.toFixed(0)} ms`,
      },
    ];
  }

  /** The cost while nobody calls. */
  async cost(ms: number): Promise<{ readonly cpu: number; readonly memoryMiB: number }> {
    const before = cpuSeconds(this.#server.pid);
    const begin = performance.now();
    await sleep(ms);
    const seconds = (performance.now() - begin) / 1_000;
    return { cpu: (cpuSeconds(this.#server.pid) - before) / seconds, memoryMiB: this.memoryMiB() };
  }

  memoryMiB(): number {
    const kiB = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${this.#server.pid}/status`, "utf8"))?.[1];
    return Number(kiB) / 1_024;
  }

  async #meters(): Promise<Meters> {
    const text = await (await fetch(`${this.#url}/metrics`)).text();
    const read = (name: string): number => Number(new RegExp(`^${name} (\\S+)`, "m").exec(text)?.[1]);
    return {
      cpuSeconds: cpuSeconds(this.#server.pid),
      appends: read("berth_append_seconds_count"),
      appendBytes: read("berth_append_bytes_total"),
      loopP99Ms: read("nodejs_eventloop_lag_p99_seconds") * 1_000,
      loopMaxMs: read("nodejs_eventloop_lag_max_seconds") * 1_000,
    };
  }
}

/** Another caller, which asks for the service twenty times a second, whatever happens. */
class Watcher {
  readonly #latencies: number[] = [];
  #refused = 0;
  #ended = false;
  readonly #done: Promise<void>;

  constructor(ecs: ECS, service: string) {
    this.#done = this.#watch(ecs, service);
  }

  async end(): Promise<{ p50Ms: number; p99Ms: number; maxMs: number; count: number; refused: number }> {
    this.#ended = true;
    await this.#done;
    const sorted = this.#latencies.toSorted((one, other) => one - other);
    const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
    return { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1), count: sorted.length, refused: this.#refused };
  }

  async #watch(ecs: ECS, service: string): Promise<void> {
    while (!this.#ended) {
      const begin = performance.now();
      try {
        await ecs.describeServices({ services: [service] });
      } catch {
        this.#refused += 1;
      }
      this.#latencies.push(performance.now() - begin);
      await sleep(50);
    }
  }
}

/** Seconds that a store takes for the same number of appends and bytes, in rows of 2 KiB. */
async function plainAppends(appends: number, bytes: number): Promise<number> {
  const dataDir = mkdtempSync(join(tmpdir(), "berth-bench-"));
  const store = new SqliteStore({ dataDir });
  try {
    const { epoch } = await store.open("plain");
    const body = JSON.stringify("x".repeat(2_046));
    const rows = Math.ceil(bytes / appends / body.length);
    let sequence = 0;
    const begin = performance.now();
    for (let round = 0; round < appends; round++) {
      const events = Array.from({ length: rows }, () => {
        sequence += 1;
        return { sequence, body };
      });
      await store.append("plain", epoch, { documents: [], events });
    }
    return (performance.now() - begin) / 1_000;
  } finally {
    await store.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** All threads, in the program and in the kernel. Linux counts in hundredths of a second. */
function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const dueAt = performance.now() + patienceMs;
  while (!(await holds())) {
    if (performance.now() > dueAt) throw new Error(`${what}: not within ${patienceMs / 1_000} s`);
    await sleep(pollMs);
  }
}
