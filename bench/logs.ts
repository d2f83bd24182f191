/**
 * Log lines per second into the store and to one reader, how soon a live tail has them, and RunTask beside a flood of logs and without one, taking
 * turns in one run.
 */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CloudWatchLogs } from "@aws-sdk/client-cloudwatch-logs";
import { must } from "../src/lib/assert.ts";
import { type Figure, printFigures, startChild } from "./figure.ts";
import { load } from "./load.ts";
import { batchOf, logGroupName, signedLogs } from "./log-batch.ts";
import { type BenchKey, signedRequest } from "./signed-request.ts";

const seconds = 4;
const streams = 8;
const perBatch = 5_000;
/** How often RunTask is measured, with the flood and without. */
const rounds = 3;
/** Long enough that how the flood begins, before Berth has seen that it is busy, weighs little. */
const roundSeconds = 8;

type Place = { readonly pid: number; readonly port: number; readonly key: BenchKey; readonly logs: CloudWatchLogs };

export async function logFigures(): Promise<Figure[]> {
  const dataDir = mkdtempSync(join(tmpdir(), "berth-bench-"));
  try {
    const keys = ["src/cli/berth.js", "keys", "create", "--data-dir", dataDir, "--account", "123456789012", "--json"];
    const key = JSON.parse(execFileSync(process.execPath, keys, { encoding: "utf8" })) as BenchKey;
    const server = await startChild(["bench/server-under-load.ts", dataDir, "1000"]);
    const { port, pid } = server.first as { readonly port: number; readonly pid: number };
    const endpoint = `http://127.0.0.1:${port}`;
    const logs = new CloudWatchLogs({ endpoint, region: "us-east-1", credentials: key, disableHostPrefix: true });
    try {
      await logs.createLogGroup({ logGroupName });
      for (let n = 0; n < streams; n += 1) await logs.createLogStream({ logGroupName, logStreamName: `s${n}` });
      const place = { pid, port, key, logs };
      return [...(await tailLatency(place)), ...(await intoAndOut(place)), ...(await besideFlood(place))];
    } finally {
      logs.destroy();
      await server.stop();
    }
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function intoAndOut({ port, key, logs }: Place): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const count of [perBatch, 100]) {
    const requests = await Promise.all(
      Array.from({ length: streams }, (_, n) => signedLogs(port, "PutLogEvents", batchOf(`s${n}`, count), key)),
    );
    const { perSecond, p50Ms } = await load(port, requests, { connections: streams, seconds });
    const megabytes = (perSecond * (requests[0]?.length ?? 0)) / 1e6;
    const beside = `${megabytes.toFixed(0)} MB/s of requests, p50 ${p50Ms.toFixed(0)} ms`;
    figures.push({
      name: `into the store, batches of ${count} lines`,
      value: perSecond * count,
      unit: "lines/s",
      beside,
    });
  }
  const begin = performance.now();
  let lines = 0;
  for (let nextToken: string | undefined; performance.now() - begin < seconds * 1_000; ) {
    const stream = { logGroupName, logStreamName: "s0", startFromHead: true };
    const page = await logs.getLogEvents({ ...stream, ...(nextToken !== undefined && { nextToken }) });
    if (page.nextForwardToken === nextToken) break;
    nextToken = page.nextForwardToken;
    lines += page.events?.length ?? 0;
  }
  const value = (lines / (performance.now() - begin)) * 1_000;
  figures.push({ name: "to one reader, GetLogEvents with the SDK", value, unit: "lines/s", beside: `${lines} lines` });
  return figures;
}

/** From the start of PutLogEvents until the event has been read: by a live tail, and by a reader that asks again and again. */
async function tailLatency({ logs }: Place): Promise<Figure[]> {
  const times: number[] = [];
  for (let n = 0; n < 50; n += 1) {
    const begin = performance.now();
    const message = `probe ${n}`;
    const logEvents = [{ timestamp: Date.now(), message }];
    await logs.putLogEvents({ logGroupName, logStreamName: "s0", logEvents });
    const { events = [] } = await logs.getLogEvents({ logGroupName, logStreamName: "s0", limit: 1 });
    if (events[0]?.message !== message) throw new Error("the line is not there after its answer");
    times.push(performance.now() - begin);
  }
  times.sort((a, b) => a - b);
  const { responseStream } = await logs.startLiveTail({
    logGroupIdentifiers: [`arn:aws:logs:us-east-1:123456789012:log-group:${logGroupName}`],
  });
  let sentAt = 0;
  const live: number[] = [];
  for await (const { sessionStart, sessionUpdate } of must(responseStream, "a stream")) {
    const isThere = sessionUpdate?.sessionResults?.some(({ message }) => message === "probe") === true;
    if (isThere) live.push(performance.now() - sentAt);
    if (live.length >= 10) break;
    if (sessionStart === undefined && !isThere) continue;
    sentAt = performance.now();
    await logs.putLogEvents({
      logGroupName,
      logStreamName: "s0",
      logEvents: [{ timestamp: Date.now(), message: "probe" }],
    });
  }
  live.sort((a, b) => a - b);
  const middle = (all: readonly number[]): number => all[Math.floor(all.length / 2)] ?? Number.NaN;
  const p = (all: readonly number[]): string => `50: from ${all[0]?.toFixed(1)} to ${all.at(-1)?.toFixed(0)} ms`;
  return [
    { name: "PutLogEvents until GetLogEvents has the line", value: middle(times), unit: "ms", beside: p(times) },
    {
      name: "PutLogEvents until a live tail has the line",
      value: middle(live),
      unit: "ms",
      beside: "an update comes each second, as on AWS",
    },
  ];
}

async function besideFlood({ pid, port, key }: Place): Promise<Figure[]> {
  const request = await signedRequest(port, "RunTask", { taskDefinition: "bench", count: 1 }, key);
  const measure = async (): Promise<Sample> => {
    const cpuBefore = mainThreadSeconds(pid);
    const { perSecond, requests } = await load(port, [request], { connections: 16, seconds: roundSeconds });
    return { perSecond, perCpuSecond: requests / (mainThreadSeconds(pid) - cpuBefore) };
  };
  await measure();
  const [without, beside]: [Sample[], Sample[]] = [[], []];
  const totals = { accepted: 0, throttled: 0, failed: 0 };
  for (let round = 0; round < rounds; round += 1) {
    without.push(await measure());
    const flood = await startFlood(port, key);
    beside.push(await measure());
    const counts = await flood.end();
    totals.accepted += counts.accepted;
    totals.throttled += counts.throttled;
    totals.failed += counts.failed;
  }
  const mean = (all: readonly number[]): number => all.reduce((sum, each) => sum + each, 0) / all.length;
  const figures: Figure[] = [];
  for (const [of, unit] of [
    ["perSecond", "/s"],
    ["perCpuSecond", "per CPU second"],
  ] as const) {
    const [alone, flooded] = [without.map((each) => each[of]), beside.map((each) => each[of])];
    const list = (all: readonly number[]): string => all.map((each) => each.toFixed(0)).join(", ");
    const loss = `${((1 - mean(flooded) / mean(alone)) * 100).toFixed(0)} % less`;
    figures.push({ name: "RunTask without a flood of logs", value: mean(alone), unit, beside: list(alone) });
    figures.push({
      name: "RunTask beside a flood of logs",
      value: mean(flooded),
      unit,
      beside: `${list(flooded)}; ${loss}`,
    });
  }
  const accepted = totals.accepted / (rounds * roundSeconds);
  const others = `${totals.throttled} batches throttled, ${totals.failed} failed`;
  return [
    ...figures,
    { name: "lines of the flood accepted meanwhile", value: accepted, unit: "lines/s", beside: others },
  ];
}

type Sample = { readonly perSecond: number; readonly perCpuSecond: number };
type Flooded = { readonly accepted: number; readonly throttled: number; readonly failed: number };

async function startFlood(port: number, key: BenchKey): Promise<{ end(): Promise<Flooded> }> {
  const argv = ["bench/log-flood.ts", String(port), key.accessKeyId, key.secretAccessKey, "16", String(perBatch)];
  const flood = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  flood.stdout.on("data", (chunk) => {
    output += chunk;
  });
  await once(flood.stdout, "data");
  return {
    async end() {
      flood.kill("SIGTERM");
      await once(flood, "close");
      return JSON.parse(output.trim().split("\n").at(-1) ?? "{}") as Flooded;
    },
  };
}

/** What the processor worked for the process's main thread, which no other process on the machine changes much. */
function mainThreadSeconds(pid: number): number {
  const [, text = ""] = readFileSync(`/proc/${pid}/task/${pid}/stat`, "utf8").split(") ");
  const [user = 0, system = 0] = text.split(" ").slice(11, 13).map(Number);
  return (user + system) / ticksPerSecond;
}

/** Linux: in which `/proc` counts. */
const ticksPerSecond = 100;

if (import.meta.main) printFigures(await logFigures());
