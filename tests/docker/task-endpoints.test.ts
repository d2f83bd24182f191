/* The agent's endpoints, called from inside real containers of each network mode. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { TaskSurroundings } from "../../src/agent/container-runtime.ts";
import { openDockerGroundwork } from "../../src/agent/docker/groundwork/docker-groundwork.ts";
import type { EngineTask } from "../../src/agent/engine/engine-state.ts";
import { newTask } from "../../src/agent/engine/engine-task.ts";
import { TaskCredentials } from "../../src/agent/task-credentials.ts";
import { openTaskEndpoints, type TaskEndpoints } from "../../src/agent/task-endpoints/task-endpoints.ts";
import { must } from "../../src/lib/assert.ts";
import { systemClock } from "../../src/lib/system-clock.ts";
import { untilFound } from "../until.ts";
import { asking, fetchText, SmallHost, someTaskArn, taskAt, taskWith, whyNoHost } from "./small-host.ts";

const skip = await whyNoHost();
const wellKnown = "169.254.170.2";
const isOnLoopback = (): boolean =>
  Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === wellKnown));

/** 169.254.170.2 as the kernel writes it, with any port, in the state LISTEN. */
const isListenedOn = (): boolean => /: 02AAFEA9:[0-9A-F]{4} \S+ 0A /.test(readFileSync("/proc/net/tcp", "utf8"));

/** An agent's endpoints, over tasks that a test adds. */
class World {
  readonly host: SmallHost;
  readonly credentials = new TaskCredentials();
  readonly tasks: EngineTask[] = [];
  readonly #directory = mkdtempSync(join(tmpdir(), "berth-endpoints-"));

  private constructor(host: SmallHost) {
    this.host = host;
    host.atEnd(() => Promise.resolve(rmSync(this.#directory, { recursive: true })));
  }

  static async open(context: TestContext): Promise<World> {
    return new World(await SmallHost.open(context));
  }

  get memoryFile(): string {
    return join(this.#directory, "endpoints.json");
  }

  async endpoints(memoryFile = this.memoryFile): Promise<TaskEndpoints> {
    const expirationDate = Date.UTC(2030, 0, 1);
    const endpoints = await openTaskEndpoints({
      clock: systemClock,
      log: () => {},
      docker: this.host.docker,
      tasks: () => this.tasks,
      credentials: this.credentials,
      api: { call: () => Promise.resolve({ tags: [] }) },
      apiAs: () => ({
        call: (_, request) =>
          Promise.resolve({ protectedTasks: [{ ...request, protectionEnabled: true, expirationDate }] }),
      }),
      cluster: "lab",
      containerInstanceArn: () => "arn:instance",
      availabilityZone: null,
      memoryFile,
    });
    this.host.atEnd(() => endpoints.close());
    return endpoints;
  }

  /** On our own bridge: another engine that starts or stops meanwhile may remove docker0. */
  async bridge(): Promise<{ readonly NetworkMode: string }> {
    const { docker } = this.host;
    const Config = [{ Subnet: "10.79.248.0/24", Gateway: "10.79.248.1" }];
    const { Id } = await docker.createNetwork({ Name: `berth-test-bridge-${process.pid}`, IPAM: { Config } });
    this.host.atEnd(() => docker.removeNetwork(Id));
    return { NetworkMode: Id };
  }

  /** A task with one container `app`. Once it runs it belongs to the engine. */
  addTask(surroundings: TaskSurroundings): EngineTask {
    const specs = [{ name: "app", image: "busybox", memory: 32 }];
    const order = { arn: someTaskArn(), desiredStatus: "RUNNING", family: "f", version: "1" } as const;
    const task = { ...newTask(order, specs, null, systemClock.now()), surroundings };
    this.credentials.keep(task.arn, "TaskApplication", {
      credentialsId: surroundings.credentialsId ?? "",
      accessKeyId: "ROLEKEY",
      secretAccessKey: "SECRET",
    });
    this.tasks.push(task);
    return task;
  }

  /** Requests `path` below the value of the variable, from a container in `place`. Returns the answer with its head. */
  async ask(task: EngineTask, endpoints: TaskEndpoints, place: object, variable: string, path = "", body?: string) {
    const value = endpoints.environmentOf(task.arn, "app", task.surroundings)[variable] ?? "";
    const url = new URL(value.startsWith("/") ? `http://${wellKnown}${value}` : value);
    const method = body === undefined ? "GET" : "PUT";
    const words = asking(url.hostname, Number(url.port || 80), url.pathname + path, method, body);
    const [, answer = ""] = (await this.host.run(words, place)).text.split("\r\n\r\n");
    return JSON.parse(answer || "null");
  }
}

async function asksEverything(world: World, task: EngineTask, place: object): Promise<void> {
  const endpoints = await world.endpoints();
  Object.assign(task.containers[0] as object, {
    phase: "running",
    runtimeId: await world.host.start(["sleep", "1000"], place),
  });
  const ask = (variable: string, path?: string, body?: string) =>
    world.ask(task, endpoints, place, variable, path, body);
  const shown = await ask("ECS_CONTAINER_METADATA_URI_V4", "/task");
  assert.equal(shown.TaskARN, task.arn);
  assert.equal(shown.Containers[0].DockerId, task.containers[0]?.runtimeId);
  assert.equal((await ask("ECS_CONTAINER_METADATA_URI_V4")).KnownStatus, "RUNNING");
  assert.equal((await ask("ECS_CONTAINER_METADATA_URI")).Name, "app");
  const stats = await ask("ECS_CONTAINER_METADATA_URI_V4", "/stats");
  assert.ok(stats.cpu_stats.system_cpu_usage > stats.precpu_stats.system_cpu_usage, "two readings");
  if (task.surroundings.networkMode !== "host") assert.ok(stats.network_rate_stats.rx_bytes_per_sec >= 0);
  const variables = endpoints.environmentOf(task.arn, "app", task.surroundings);
  const credentials =
    "AWS_CONTAINER_CREDENTIALS_FULL_URI" in variables
      ? "AWS_CONTAINER_CREDENTIALS_FULL_URI"
      : "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
  assert.equal((await ask(credentials)).AccessKeyId, "ROLEKEY");
  const protection = await ask("ECS_AGENT_URI", "/task-protection/v1/state", '{"ProtectionEnabled":true}');
  assert.equal(protection.protection.ExpirationDate, "2030-01-01T00:00:00Z");
}

test("from a container on a bridge", { skip }, async (t) => {
  const world = await World.open(t);
  await asksEverything(world, world.addTask(taskWith({ credentialsId: "bridge-id" })), await world.bridge());
});

test("from a container on the host's network", { skip }, async (t) => {
  const world = await World.open(t);
  const task = world.addTask(taskWith({ networkMode: "host", credentialsId: "host-id" }));
  await asksEverything(world, task, { NetworkMode: "host" });
});

test("from a container of a task with an interface of its own", { skip }, async (t) => {
  const world = await World.open(t);
  const task = world.addTask(taskAt("10.79.247.10", "10.79.247.1", { credentialsId: "eni-id" }));
  const groundwork = await openDockerGroundwork({ docker: world.host.docker, log: () => {} });
  world.host.atEnd(() => groundwork.clean(task.arn, task.surroundings));
  await groundwork.prepare(task.arn, task.surroundings, []);
  await asksEverything(world, task, { NetworkMode: groundwork.placeOf(task.arn, task.surroundings).networkMode });
});

test("a second agent of the host takes another port, and containers get the full address of their credentials", {
  skip,
}, async (t) => {
  const world = await World.open(t);
  const task = world.addTask(taskWith({ credentialsId: "second-id" }));
  const first = await world.endpoints();
  const second = await world.endpoints(`${world.memoryFile}.second`);
  assert.notEqual(first.place?.port, second.place?.port);
  const { AWS_CONTAINER_CREDENTIALS_FULL_URI: full } = second.environmentOf(task.arn, "app", task.surroundings);
  assert.equal(full, `http://${wellKnown}:${second.place?.port}/v2/credentials/second-id`);
  assert.match(await fetchText(full ?? ""), /ROLEKEY/);
  const shown = await world.ask(task, second, await world.bridge(), "ECS_CONTAINER_METADATA_URI_V4", "/task");
  assert.equal(shown.TaskARN, task.arn);
  await first.close();
  assert.match(await fetchText(full ?? ""), /ROLEKEY/, "the first one leaves the address to the second");
});

test("an agent that restarts listens where it did, under the paths that containers got", {
  skip,
}, async (t) => {
  const world = await World.open(t);
  const task = world.addTask(taskWith({ credentialsId: "again-id" }));
  const first = await world.endpoints();
  const before = first.environmentOf(task.arn, "app", task.surroundings);
  await first.close();
  const again = await world.endpoints();
  assert.deepEqual(again.environmentOf(task.arn, "app", task.surroundings), before);
  assert.match(await fetchText(before.ECS_CONTAINER_METADATA_URI_V4 ?? ""), /"Name":"app"/);
  assert.equal(statSync(world.memoryFile).mode & 0o777, 0o600);
});

test("the last agent that needs the address removes it from the loopback device", { skip }, async (t) => {
  if (isOnLoopback()) return t.skip("another agent of this host has 169.254.170.2");
  const world = await World.open(t);
  const endpoints = await world.endpoints();
  assert.ok(isOnLoopback());
  await endpoints.close();
  // Another test's agent may have come meanwhile.
  if (isListenedOn()) return t.skip("another agent of this host has 169.254.170.2");
  assert.ok(!isOnLoopback());
});

test("an address that somebody removes comes back, and the agent answers there again", { skip }, async (t) => {
  const world = await World.open(t);
  const endpoints = await world.endpoints();
  const answers = () =>
    fetch(`http://${wellKnown}:${endpoints.place?.port}/v2/credentials/nobody`, { signal: AbortSignal.timeout(1_000) });
  assert.equal((await answers()).status, 400);
  execFileSync("ip", ["address", "del", `${wellKnown}/32`, "dev", "lo"]);
  await untilFound("the agent to answer again", async () => isOnLoopback() && (await answers()).status === 400);
});

test("bodies that are too long and askers that ask too often are refused", { skip }, async (t) => {
  const world = await World.open(t);
  const task = world.addTask(taskWith({ credentialsId: "limits-id" }));
  const endpoints = await world.endpoints();
  const base = `http://${wellKnown}:${endpoints.place?.port}`;
  const { ECS_AGENT_URI: uri = "" } = endpoints.environmentOf(task.arn, "app", task.surroundings);
  const long = await fetch(`${uri}/task-protection/v1/state`, { method: "PUT", body: "x".repeat(5_000) });
  assert.equal(long.status, 413);
  const statuses: number[] = [];
  for (let asked = 0; asked < 150; asked++) {
    const response = await fetch(`${base}/v2/credentials/nobody`);
    await response.text();
    statuses.push(response.status);
  }
  assert.ok(statuses.includes(429), "faster than forty a second");
  assert.ok(statuses.filter((status) => status === 400).length >= 50);
});

test("a container that holds all the connections it can get takes none from the others", { skip }, async (t) => {
  const world = await World.open(t);
  const task = world.addTask(taskWith({ credentialsId: "bridge-id" }));
  const endpoints = await world.endpoints();
  const place = await world.bridge();
  const { address, port } = must(endpoints.place, "where the agent listens");
  // Each keeps sending the beginning of a request, and never its end.
  const hold = `while :; do { printf GET; /busybox sleep 10; } | /busybox nc ${address} ${port}; done`;
  const script = `i=0; while [ $i -lt 150 ]; do ( ${hold} ) & i=$((i+1)); done; wait`;
  await world.host.start(["sh", "-c", script], place);
  const held = (): number =>
    readFileSync("/proc/net/tcp", "utf8")
      .split("\n")
      .filter((line) => / 02AAFEA9:[0-9A-F]{4} \S+ 01 /.test(line)).length;
  await untilFound("the connections that it may have", () => held() >= 64);
  const relative = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
  const variables = endpoints.environmentOf(task.arn, "app", task.surroundings);
  const variable = relative in variables ? relative : "AWS_CONTAINER_CREDENTIALS_FULL_URI";
  for (let asked = 0; asked < 5; asked++) {
    const shown = await world.ask(task, endpoints, place, variable);
    assert.equal(shown.AccessKeyId, "ROLEKEY");
  }
  assert.ok(held() < 100, `${held()} connections`);
});
