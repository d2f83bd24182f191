/**
 * The network between an agent and the control plane is cut while containers start, end and are stopped; after it heals both
 * sides agree. The agent is a process in its own network namespace. By default a cut lasts 20 s. To outlast every time-out of
 * both sides, use five minutes:
 *
 *   BERTH_CUT_SECONDS=300 npx node --test tests/docker/network-cut.test.ts
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { ECS, type Task } from "@aws-sdk/client-ecs";
import { containerLabels } from "../../src/agent/docker/container-names.ts";
import { must } from "../../src/lib/assert.ts";
import { systemClock } from "../../src/lib/system-clock.ts";
import { openLog } from "../../src/server/log/log.ts";
import { type RunningServer, startServer } from "../../src/server/server.ts";
import { berthMain } from "../berth-process.ts";
import { untilFound } from "../until.ts";
import { DockerHost, whyNoDocker } from "./docker-host.ts";
import { type Cut, SeparateNetwork } from "./separate-network.ts";

const skip = (await whyNoDocker()) || SeparateNetwork.whyNone();
const cutMs = 1_000 * Number(process.env.BERTH_CUT_SECONDS ?? 20);
/** LIMIT: an agent waits up to two minutes between attempts to connect, and TCP as long between retransmissions. */
const agreementMs = 240_000;
const region = "eu-west-1";

describe("a network that is cut", { skip, timeout: 4 * (cutMs + agreementMs) }, () => {
  let host: DockerHost;
  let network: SeparateNetwork;
  let server: RunningServer;
  let ecs: ECS;
  let dataDir: string;
  let agent: ChildProcess;
  let complaints = "";

  before(async () => {
    host = await DockerHost.open();
    const opened = SeparateNetwork.open();
    assert.ok(typeof opened !== "string");
    network = opened;
    dataDir = await mkdtemp(join(tmpdir(), "berth-network-cut-"));
    server = await startServer({
      host: network.address,
      port: 0,
      dataDir: null,
      auth: { type: "loose", account: "123456789012" },
      latestAgentVersion: "1.99.0",
      simulation: null,
      log: openLog("error"),
    });
    const credentials = { accessKeyId: "any", secretAccessKey: "any" };
    ecs = new ECS({ endpoint: server.url, region, credentials, maxAttempts: 1 });
    // The name of the cluster is a label of its containers, by which they are removed.
    await ecs.createCluster({ clusterName: host.tag });
    agent = startAgent();
    await untilFound("the agent connected", isConnected, 30_000).catch((cause: unknown) => {
      throw new Error(`the agent does not connect: ${complaints}`, { cause });
    });
    await define("kept", ["sleep", "3600"], await freePort());
    await define("lasting", ["sleep", "3600"]);
    await define("ending", ["sh", "-c", "sleep 6; exit 7"]);
  });
  after(async () => {
    if (agent !== undefined) await endAgent();
    ecs?.destroy();
    await server?.close();
    network?.close();
    await rm(dataDir ?? join(tmpdir(), "berth-network-cut-none"), { recursive: true, force: true });
    await host?.close();
  });

  function startAgent(): ChildProcess {
    const flags = ["--endpoint", server.url, "--region", region, "--cluster", host.tag, "--data-dir", dataDir];
    const [file, ...argv] = network.inside([process.execPath, berthMain, "agent", ...flags]);
    const child = spawn(file, [...argv, "--pull-behavior", "prefer-cached"], {
      env: { ...process.env, AWS_ACCESS_KEY_ID: "any", AWS_SECRET_ACCESS_KEY: "any" },
      stdio: ["ignore", "ignore", "pipe"],
    });
    must(child.stderr, "its standard error").on("data", (chunk) => {
      complaints = `${complaints}${chunk}`.slice(-4_000);
    });
    return child;
  }

  async function endAgent(): Promise<void> {
    if (agent.exitCode !== null || agent.signalCode !== null) return;
    const exit = once(agent, "exit");
    agent.kill("SIGTERM");
    await exit;
  }

  async function isConnected(): Promise<boolean> {
    const { containerInstanceArns = [] } = await ecs.listContainerInstances({ cluster: host.tag });
    if (containerInstanceArns.length === 0) return false;
    const { containerInstances = [] } = await ecs.describeContainerInstances({
      cluster: host.tag,
      containerInstances: containerInstanceArns,
    });
    assert.equal(containerInstances.length, 1, "one machine is one container instance");
    return containerInstances[0]?.agentConnected === true;
  }

  /** `hostPort` is fixed: an agent in another network cannot see which ports are free in the engine's network. */
  async function define(family: string, command: readonly string[], hostPort: number | null = null): Promise<void> {
    await ecs.registerTaskDefinition({
      family,
      containerDefinitions: [
        {
          name: "main",
          image: host.image,
          command: [...command],
          cpu: 16,
          memory: 16,
          stopTimeout: 2,
          portMappings: hostPort === null ? [] : [{ containerPort: 80, hostPort }],
        },
      ],
    });
  }

  async function start(taskDefinition: string, count = 1): Promise<string[]> {
    const { tasks = [], failures = [] } = await ecs.runTask({ cluster: host.tag, taskDefinition, count });
    assert.deepEqual(failures, []);
    return tasks.map(({ taskArn }) => must(taskArn, "its ARN"));
  }

  async function describeTasks(arns: readonly string[]): Promise<readonly Task[]> {
    return (await ecs.describeTasks({ cluster: host.tag, tasks: [...arns] })).tasks ?? [];
  }

  /** Ids of the running containers, by the ARN of their task. */
  async function running(): Promise<ReadonlyMap<string, readonly string[]>> {
    const byTask = new Map<string, string[]>();
    for (const { Id, Labels, State } of await host.docker.listContainers({})) {
      if (Labels?.[containerLabels.cluster] !== host.tag || State !== "running") continue;
      const task = Labels[containerLabels.taskArn] ?? "";
      byTask.set(task, [...(byTask.get(task) ?? []), Id]);
    }
    return byTask;
  }

  /** What the two sides still disagree about. */
  async function disagreements(arns: readonly string[]): Promise<readonly string[]> {
    const containers = await running();
    const problems = [...containers.keys()].filter((arn) => !arns.includes(arn)).map((arn) => `${arn} runs unasked`);
    if (!(await isConnected())) problems.push("the agent is not connected");
    for (const { taskArn = "", lastStatus, desiredStatus, containers: said = [] } of await describeTasks(arns)) {
      const ids = containers.get(taskArn) ?? [];
      if (lastStatus !== desiredStatus) problems.push(`${taskArn} is ${lastStatus}, wanted ${desiredStatus}`);
      const saidIds = said.filter((container) => container.lastStatus === "RUNNING").map(({ runtimeId }) => runtimeId);
      if (saidIds.join() !== ids.join()) problems.push(`${taskArn}: said to run ${saidIds.join()}, runs ${ids.join()}`);
    }
    return problems;
  }

  async function agree(arns: readonly string[]): Promise<number> {
    const startedAt = performance.now();
    let problems: readonly string[] = [];
    const look = async (): Promise<boolean> => {
      problems = await disagreements(arns);
      return problems.length === 0;
    };
    await untilFound("both sides agree", look, agreementMs).catch((cause: unknown) => {
      throw new Error(`They do not agree: ${problems.join("; ")}\n${complaints}`, { cause });
    });
    return (performance.now() - startedAt) / 1_000;
  }

  async function remaining(): Promise<Record<string, number | string>> {
    const { containerInstanceArns: containerInstances = [] } = await ecs.listContainerInstances({ cluster: host.tag });
    const described = await ecs.describeContainerInstances({ cluster: host.tag, containerInstances });
    const resources = described.containerInstances?.[0]?.remainingResources ?? [];
    return Object.fromEntries(
      resources.map(({ name = "", integerValue, stringSetValue = [] }) => [
        name,
        stringSetValue.length > 0 ? stringSetValue.toSorted().join() : (integerValue ?? 0),
      ]),
    );
  }

  const cases: readonly (readonly [cut: Cut, what: string, restarts: boolean])[] = [
    ["drop-all", "nothing gets through and nobody learns of a close", false],
    ["drop-incoming", "the agent receives nothing, the control plane receives everything", false],
    ["link-down", "the cable is pulled, and the agent is restarted meanwhile", true],
  ];
  for (const [cut, what, restarts] of cases) {
    it(`${what}: after it heals both sides agree`, async (context) => {
      const before = await remaining();
      const [kept = ""] = await start("kept");
      const [stopped = "", killed = ""] = await start("lasting", 2);
      await untilFound(
        "three tasks RUNNING",
        async () => (await describeTasks([kept, stopped, killed])).every((task) => task.lastStatus === "RUNNING"),
        60_000,
      );
      const ports = (await describeTasks([kept]))[0]?.containers?.[0]?.networkBindings;
      assert.equal(ports?.length, 1);
      const [keptId] = must((await running()).get(kept), "the container of the task that stays");
      const [ending = ""] = await start("ending");
      await untilFound("the container that ends by itself", async () => (await running()).has(ending), 60_000);

      network.cut(cut);
      const cutAt = systemClock.now();
      const [late = ""] = await start("lasting");
      await ecs.stopTask({ cluster: host.tag, task: stopped });
      await host.docker.killContainer(must((await running()).get(killed)?.[0], "the container to be killed"));
      if (restarts) {
        await endAgent();
        agent = startAgent();
      }
      await untilFound("its end", async () => !(await running()).has(ending), 30_000);
      // Neither the order to stop nor the one to start can have arrived.
      if (cut !== "drop-outgoing") {
        assert.ok((await running()).has(stopped), "what is to be stopped runs on");
        assert.ok(!(await running()).has(late), "what is to be started does not run");
      }
      if (cut !== "drop-incoming") assert.notEqual((await describeTasks([ending]))[0]?.lastStatus, "STOPPED");
      await untilFound("the end of the cut", () => systemClock.now() - cutAt >= cutMs, 2 * cutMs);
      network.heal();

      const seconds = await agree([kept, stopped, killed, ending, late]);
      context.diagnostic(`cut for ${Math.round(cutMs / 1_000)} s, agreed ${seconds.toFixed(1)} s after it`);
      const [keptTask, stoppedTask, killedTask, endingTask] = await Promise.all(
        [kept, stopped, killed, ending].map(async (arn) => (await describeTasks([arn]))[0]),
      );
      assert.equal(keptTask?.containers?.[0]?.runtimeId, keptId, "the same container as before");
      assert.deepEqual(keptTask?.containers?.[0]?.networkBindings, ports);
      assert.equal(stoppedTask?.stopCode, "UserInitiated");
      assert.equal(killedTask?.containers?.[0]?.exitCode, 137);
      assert.equal(endingTask?.containers?.[0]?.exitCode, 7);
      for (const task of [kept, late]) await ecs.stopTask({ cluster: host.tag, task });
      await agree([kept, stopped, killed, ending, late]);
      assert.deepEqual(await remaining(), before);
    });
  }
});

/** A port that nobody listens on at the moment. */
async function freePort(): Promise<number> {
  const listener = createServer().listen(0);
  await once(listener, "listening");
  const address = listener.address();
  listener.close();
  return typeof address === "object" && address !== null ? address.port : 0;
}
