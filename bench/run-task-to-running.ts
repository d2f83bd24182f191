/**
 * From RunTask until Docker says that the container has started, compared with `docker run -d` of the same image in the same run:
 * through a `berth dev` with Docker in its own process, and through a `berth agent` that is connected to it over sockets.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ECS } from "@aws-sdk/client-ecs";
import { defaultDockerHost } from "../src/agent/docker/engine/docker-address.ts";
import { DockerEngine } from "../src/agent/docker/engine/docker-engine.ts";
import { TourEngine, tourImage, whyNoImage } from "../src/cli/tour-image.ts";
import { must } from "../src/lib/assert.ts";
import { type Figure, startChild } from "./figure.ts";

const counts = [1, 50] as const;
/** How often each is measured. The median counts. */
const rounds: Readonly<Record<(typeof counts)[number], number>> = { 1: 7, 50: 3 };
const pollMs = 10;
const patienceMs = 120_000;
const command = ["/busybox", "sleep", "3600"];
const family = "bench-running";
const credentials = { accessKeyId: "bench", secretAccessKey: "bench" };
const region = "us-east-1";

/** Milliseconds until the last of the containers had started, and until the caller learned of it. */
type Sample = { readonly startedMs: number; readonly toldMs: number };
type Measure = (count: number) => Promise<Sample>;

export async function runTaskToRunningFigures(): Promise<Figure[]> {
  const engine = new DockerEngine(process.env.DOCKER_HOST || defaultDockerHost);
  const why = await engine.ping().then(
    () => whyNoImage(engine.address),
    (error: unknown) => String(error),
  );
  if (why !== null) {
    process.stderr.write(`run-task-to-running is skipped: ${why}\n`);
    engine.close();
    return [];
  }
  const images = new TourEngine(engine.address);
  await images.makeImage();
  const folder = mkdtempSync(join(tmpdir(), "berth-bench-"));
  const dev = ["src/cli/berth.js", "dev", "--port", "0", "--in-memory", "--json", "--fargate", "off"];
  const inProcess = await startChild([...dev, "--runtime", "docker", "--instances", "1"]);
  const alone = await startChild([...dev, "--runtime", "simulated", "--instances", "0"]);
  const agent = startAgent(String(alone.first.url), folder);
  try {
    const ways: readonly (readonly [string, Measure])[] = [
      ["docker run -d", (count) => dockerRun(engine, count)],
      ["RunTask, Docker in the server's process", await runTasks(engine, String(inProcess.first.url))],
      ["RunTask, berth agent over sockets", await runTasks(engine, String(alone.first.url))],
    ];
    const figures: Figure[] = [];
    for (const count of counts) figures.push(...(await compare(ways, count)));
    return figures;
  } finally {
    agent.kill("SIGTERM");
    await once(agent, "exit");
    await Promise.all([inProcess.stop(), alone.stop()]);
    await images.removeImage();
    engine.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The ways take turns, so that other load on the machine affects all of them. */
async function compare(
  ways: readonly (readonly [string, Measure])[],
  count: (typeof counts)[number],
): Promise<Figure[]> {
  const samples = ways.map((): Sample[] => []);
  // The first round of each is a warm-up.
  for (let round = -1; round < rounds[count]; round++) {
    for (const [at, [, measure]] of ways.entries()) {
      const sample = await measure(count);
      if (round >= 0) samples[at]?.push(sample);
    }
  }
  const [plain = Number.NaN] = samples.map((all) => median(all.map(({ startedMs }) => startedMs)));
  return ways.map(([name], at) => {
    const all = must(samples[at], "the samples of a way");
    const started = all.map(({ startedMs }) => startedMs);
    const spread = `${all.length} times: ${Math.min(...started).toFixed(0)} to ${Math.max(...started).toFixed(0)}`;
    const told = `reported after ${median(all.map(({ toldMs }) => toldMs)).toFixed(0)} ms`;
    const ratio = at === 0 ? "" : `${(median(started) / plain).toFixed(2)} of docker run; `;
    const what = count === 1 ? "1 container started" : `the last of ${count} containers started`;
    return { name: `${name}: ${what}`, value: median(started), unit: "ms", beside: `${ratio}${spread}; ${told}` };
  });
}

async function dockerRun(engine: DockerEngine, count: number): Promise<Sample> {
  const beganAt = Date.now();
  const ids = await Promise.all(Array.from({ length: count }, () => docker("run", "-d", tourImage.name, ...command)));
  const toldMs = Date.now() - beganAt;
  const startedMs = (await lastStart(engine, ids)) - beganAt;
  await docker("rm", "-f", "-v", ...ids);
  return { startedMs, toldMs };
}

async function docker(...argv: readonly string[]): Promise<string> {
  const child = spawn("docker", argv, { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += chunk;
  });
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`docker ${argv[0]} ended with ${code}`);
  return output.trim();
}

/** Waits for an instance to be connected at `url` and returns what runs tasks there. */
async function runTasks(engine: DockerEngine, url: string): Promise<Measure> {
  const ecs = new ECS({ endpoint: url, region, credentials, maxAttempts: 1 });
  await ecs.registerTaskDefinition({
    family,
    containerDefinitions: [{ name: "main", image: tourImage.name, command, cpu: 1, memory: 6, stopTimeout: 2 }],
  });
  const connected = async (): Promise<boolean> => {
    const { containerInstanceArns: containerInstances = [] } = await ecs.listContainerInstances({});
    if (containerInstances.length === 0) return false;
    const described = await ecs.describeContainerInstances({ containerInstances });
    return described.containerInstances?.some(({ agentConnected }) => agentConnected) === true;
  };
  await until("a connected instance", connected);
  return async (count) => {
    const beganAt = Date.now();
    const calls = Array.from({ length: Math.ceil(count / 10) }, () =>
      ecs.runTask({ taskDefinition: family, count: Math.min(10, count) }),
    );
    const tasks = (await Promise.all(calls)).flatMap((reply) =>
      (reply.tasks ?? []).flatMap(({ taskArn }) => taskArn ?? []),
    );
    if (tasks.length !== count) throw new Error(`${tasks.length} of ${count} tasks were placed`);
    const ids: string[] = [];
    await until("tasks RUNNING", async () => {
      const described = (await ecs.describeTasks({ tasks })).tasks ?? [];
      const stopped = described.find(({ lastStatus }) => lastStatus === "STOPPED");
      if (stopped !== undefined) throw new Error(`A task stopped: ${JSON.stringify(stopped.containers)}`);
      if (!described.every(({ lastStatus }) => lastStatus === "RUNNING")) return false;
      ids.push(...described.flatMap(({ containers = [] }) => containers.flatMap(({ runtimeId }) => runtimeId ?? [])));
      return true;
    });
    const toldMs = Date.now() - beganAt;
    const startedMs = (await lastStart(engine, ids)) - beganAt;
    await Promise.all(tasks.map((task) => ecs.stopTask({ task })));
    await until("tasks STOPPED", async () => {
      const described = (await ecs.describeTasks({ tasks })).tasks ?? [];
      return described.every(({ lastStatus }) => lastStatus === "STOPPED");
    });
    await docker("rm", "-f", "-v", ...ids);
    return { startedMs, toldMs };
  };
}

function startAgent(endpoint: string, dataDir: string) {
  const flags = ["--endpoint", endpoint, "--region", region, "--data-dir", dataDir, "--pull-behavior", "prefer-cached"];
  return spawn(process.execPath, ["src/cli/berth.js", "agent", ...flags], {
    env: { ...process.env, AWS_ACCESS_KEY_ID: "bench", AWS_SECRET_ACCESS_KEY: "bench" },
    stdio: "ignore",
  });
}

/** When Docker started the last of the containers, by this machine's clock. */
async function lastStart(engine: DockerEngine, ids: readonly string[]): Promise<number> {
  const inspected = await Promise.all(ids.map((id) => engine.inspectContainer(id)));
  return Math.max(...inspected.map(({ State }) => Date.parse(State?.StartedAt ?? "")));
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const dueAt = performance.now() + patienceMs;
  while (!(await holds())) {
    if (performance.now() > dueAt) throw new Error(`${what}: not within ${patienceMs / 1_000} s`);
    await sleep(pollMs);
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return must(sorted[Math.floor(sorted.length / 2)], "a value");
}
