/**
 * What connected agents cost the server, and how soon they return after it was away: a `berth serve` that checks every signature
 * and a `berth hosts`, each in its own process.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Figure, printFigures, type StartedChild, startChild } from "./figure.ts";

const fleets = [1_000, 5_000];
/** Three heartbeats of each agent. */
const steadyMs = 60_000;
/** The first heartbeat and telemetry, which do more than later ones. */
const settleMs = 10_000;
/** With 10,000 sockets, each poll takes the server about 20 ms. */
const pollMs = 500;
const patienceMs = 120_000;

export async function agentSessionFigures(): Promise<Figure[]> {
  const figures: Figure[] = [];
  const inAllMiB: number[] = [];
  for (const count of fleets) {
    const bench = await AgentBench.open();
    try {
      figures.push(await bench.connect(count), ...(await bench.steady(count)));
      inAllMiB.push(bench.serverMiB());
      if (count !== fleets.at(-1)) continue;
      figures.push(await bench.restart(count, "SIGKILL"), await bench.restart(count, "SIGTERM"));
    } finally {
      await bench.close();
    }
  }
  const [fewer = 0, more = 0] = fleets;
  const growthKiB = ((inAllMiB[1] ?? 0) - (inAllMiB[0] ?? 0)) * 1_024;
  const name = `memory of the server for each further agent, ${fewer} to ${more}`;
  return [...figures, { name, value: growthKiB / (more - fewer), unit: "KiB" }];
}

class AgentBench {
  readonly #dataDir: string;
  #server: StartedChild;
  #port: number;
  #hosts: StartedChild | null = null;
  #idleMiB = 0;

  private constructor(dataDir: string, server: StartedChild) {
    this.#dataDir = dataDir;
    this.#server = server;
    this.#port = Number(server.first.port);
  }

  static async open(): Promise<AgentBench> {
    const dataDir = mkdtempSync(join(tmpdir(), "berth-bench-"));
    const key = ["keys", "create", "--data-dir", dataDir, "--account", "123456789012", "--json"];
    const created = JSON.parse(execFileSync(process.execPath, ["src/cli/berth.js", ...key], { encoding: "utf8" }));
    process.env.AWS_ACCESS_KEY_ID = created.accessKeyId;
    process.env.AWS_SECRET_ACCESS_KEY = created.secretAccessKey;
    return new AgentBench(dataDir, await serve(dataDir, 0));
  }

  serverMiB(): number {
    return residentMiB(this.#server.pid);
  }

  async connect(count: number): Promise<Figure> {
    this.#idleMiB = this.serverMiB();
    const begin = performance.now();
    const endpoint = `http://127.0.0.1:${this.#port}`;
    const hosts = ["hosts", "--count", String(count), "--endpoint", endpoint, "--region", "us-east-1", "--json"];
    this.#hosts = await startChild(["src/cli/berth.js", ...hosts]);
    const seconds = (performance.now() - begin) / 1_000;
    await sleep(settleMs);
    return { name: `${count} agents: from nothing to all registered and connected`, value: seconds, unit: "s" };
  }

  /** CPU and memory while there is nothing but heartbeats and telemetry. */
  async steady(count: number): Promise<Figure[]> {
    const pids = [this.#server.pid, this.#hosts?.pid ?? 0];
    const before = pids.map(cpuSeconds);
    const begin = performance.now();
    await sleep(steadyMs);
    const seconds = (performance.now() - begin) / 1_000;
    const [server = 0, hosts = 0] = pids.map((pid, at) => (cpuSeconds(pid) - (before[at] ?? 0)) / seconds);
    await this.#expectConnected(count);
    const each = `${((server / count) * 1e6).toFixed(0)} µs per agent and second; berth hosts ${(hosts * 100).toFixed(1)} %`;
    const [serverMiB = 0, hostsMiB = 0] = pids.map(residentMiB);
    const hostsKiB = ((hostsMiB * 1_024) / count).toFixed(0);
    const beside = `${this.#idleMiB.toFixed(0)} MiB before the first; berth hosts ${hostsKiB} KiB per host`;
    const eachKiB = ((serverMiB - this.#idleMiB) * 1_024) / count;
    return [
      { name: `${count} agents: CPU of the server, of one core`, value: server * 100, unit: "%", beside: each },
      { name: `${count} agents: memory of the server in all`, value: serverMiB, unit: "MiB", beside },
      { name: `${count} agents: memory of the server, more than idle, each`, value: eachKiB, unit: "KiB" },
    ];
  }

  /** How long agents are away if the server ends by `signal` and is restarted at once. */
  async restart(count: number, signal: "SIGKILL" | "SIGTERM"): Promise<Figure> {
    const begin = performance.now();
    const since = (): number => (performance.now() - begin) / 1_000;
    await this.#server.stop(signal);
    const ended = since();
    this.#server = await serve(this.#dataDir, this.#port);
    const listening = since();
    const hostsCpu = cpuSeconds(this.#hosts?.pid ?? 0);
    const serverCpu = cpuSeconds(this.#server.pid);
    while ((await this.#connected()) < 2 * count) {
      if (since() * 1_000 > patienceMs) throw new Error(`after ${patienceMs} ms not all agents were back`);
      await sleep(pollMs);
    }
    const back = since();
    const cpu = `CPU meanwhile: server ${(cpuSeconds(this.#server.pid) - serverCpu).toFixed(1)} s, hosts ${(cpuSeconds(this.#hosts?.pid ?? 0) - hostsCpu).toFixed(1)} s`;
    const beside = `it had ended after ${ended.toFixed(1)} s and listened after ${listening.toFixed(1)} s; ${cpu}`;
    return { name: `${count} agents: all back after ${signal} and a start`, value: back, unit: "s", beside };
  }

  async close(): Promise<void> {
    await this.#hosts?.stop();
    await this.#server.stop();
    rmSync(this.#dataDir, { recursive: true, force: true });
  }

  async #expectConnected(count: number): Promise<void> {
    const sockets = await this.#connected();
    if (sockets !== 2 * count) throw new Error(`${sockets} sockets are open, not ${2 * count}`);
  }

  /** Open sockets, commands and telemetry. */
  async #connected(): Promise<number> {
    const metrics = await (await fetch(`${this.#server.first.metricsUrl}/metrics`)).text();
    const open = (channel: string) => Number(new RegExp(`channel="${channel}"\\} (\\d+)`).exec(metrics)?.[1] ?? 0);
    return open("acs") + open("tcs");
  }
}

function serve(dataDir: string, port: number): Promise<StartedChild> {
  const listens = ["--port", String(port), "--metrics-listen", "0"];
  const flags = ["--data-dir", dataDir, ...listens, "--fargate", "off", "--log-level", "error", "--json"];
  return startChild(["src/cli/berth.js", "serve", ...flags]);
}

function residentMiB(pid: number): number {
  const kiB = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kiB) / 1_024;
}

/** All threads, in the program and in the kernel. Linux counts in hundredths of a second. */
function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

if (import.meta.main) printFigures(await agentSessionFigures());
