/** `berth agent` with a real engine and `berth dev`: both are processes, and both are killed while containers run. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type ContainerDefinition, ECS, type Task } from "@aws-sdk/client-ecs";
import { must } from "../../src/lib/assert.ts";
import { type AgentProcess, startAgent } from "../agent-process.ts";
import { type BerthProcess, startBerth } from "../berth-process.ts";
import { untilFound } from "../until.ts";
import { DockerHost, whyNoDocker } from "./docker-host.ts";

const skip = await whyNoDocker();
const region = "eu-west-1";
const key = { accessKeyId: "any", secretAccessKey: "any" };
/** LIMIT: an agent that lost its control plane retries after seconds; a machine that runs other tests is slow. */
const patienceMs = 60_000;

describe("berth agent with a real engine", { skip, timeout: 300_000 }, () => {
  let host: DockerHost;
  let folder: string;
  let dev: BerthProcess;
  let ecs: ECS;
  let agent: AgentProcess;
  let instance: string;

  before(async () => {
    host = await DockerHost.open();
    folder = await mkdtemp(join(tmpdir(), "berth-docker-agent-"));
    dev = await startDev();
    ecs = new ECS({ endpoint: dev.listening.url, region, credentials: key });
    // The name of the cluster is a label of its containers, by which they are removed.
    await ecs.createCluster({ clusterName: host.tag });
    agent = start();
    instance = (await agent.next("registered")).containerInstanceArn;
    await agent.next("connected");
    await untilConnected(true);
    await define("web", { command: ["sh", "-c", "echo hello > /tmp/index.html; exec httpd -f -p 80 -h /tmp"] });
    await define("ending", { command: ["sh", "-c", "sleep 2; exit 7"] });
    await define("deaf", { command: ["sh", "-c", "trap '' TERM; echo deaf; while true; do sleep 1; done"] });
  });
  after(async () => {
    await agent?.end("SIGKILL");
    ecs?.destroy();
    await dev?.end("SIGKILL");
    await host?.close();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  function startDev(port = 0): Promise<BerthProcess> {
    const flags = ["--instances", "0", "--region", region, "--data-dir", join(folder, "dev"), "--port", String(port)];
    return startBerth("dev", flags);
  }

  function start(dataDir = join(folder, "agent"), environment = {}): AgentProcess {
    const flags = ["--cluster", host.tag, "--region", region, "--pull-behavior", "prefer-cached"];
    return startAgent({ endpoint: dev.listening.url, dataDir, key, flags, environment });
  }

  async function define(family: string, container: Partial<ContainerDefinition>): Promise<void> {
    const main = { name: "main", image: host.image, cpu: 16, memory: 16, stopTimeout: 2 };
    const portMappings = [{ containerPort: 80 }];
    await ecs.registerTaskDefinition({ family, containerDefinitions: [{ ...main, portMappings, ...container }] });
  }

  async function run(taskDefinition: string): Promise<string> {
    const { tasks = [], failures = [] } = await ecs.runTask({ cluster: host.tag, taskDefinition });
    assert.deepEqual(failures, []);
    return must(tasks[0]?.taskArn, "its ARN");
  }

  /** The control plane may be away meanwhile. */
  async function describeTask(task: string): Promise<Task | null> {
    const { tasks = [] } = await ecs.describeTasks({ cluster: host.tag, tasks: [task] });
    return tasks[0] ?? null;
  }

  async function untilStatus(task: string, status: string): Promise<Task> {
    const look = async (): Promise<Task | null> => {
      const found = await describeTask(task);
      return found?.lastStatus === status ? found : null;
    };
    return await untilFound(`a task ${status}`, look, patienceMs).catch((cause: unknown) => {
      throw new Error(`${String(cause)}; the agent: ${agent.out()}${agent.err()}`, { cause });
    });
  }

  async function untilConnected(connected: boolean): Promise<void> {
    const isSo = async (): Promise<boolean> => {
      const containerInstances = [instance];
      const found = await ecs.describeContainerInstances({ cluster: host.tag, containerInstances });
      return found.containerInstances?.[0]?.agentConnected === connected;
    };
    await untilFound(`connected: ${connected}`, isSo, patienceMs);
  }

  const containerOf = (task: Task) => must(task.containers?.[0], "its container");
  const idOf = (task: Task): string => must(containerOf(task).runtimeId, "the id of its container");

  async function page(task: Task): Promise<string> {
    const port = must(containerOf(task).networkBindings?.[0]?.hostPort, "its host port");
    const answer = async (): Promise<string | null> =>
      await fetch(`http://127.0.0.1:${port}/`).then(
        (response) => response.text(),
        () => null,
      );
    return await untilFound("an answer of the task", answer);
  }

  const isRunning = async (id: string): Promise<boolean> =>
    (await host.docker.inspectContainer(id)).State?.Running === true;

  it("runs a task that answers on its host port, and stops one that ignores SIGTERM", async () => {
    const [web, deaf] = await Promise.all([run("web"), run("deaf")]);
    const running = await untilStatus(web, "RUNNING");
    assert.equal(await page(running), "hello\n");
    await untilStatus(deaf, "RUNNING");
    await Promise.all([web, deaf].map((task) => ecs.stopTask({ cluster: host.tag, task })));
    const [stopped, killed] = await Promise.all([untilStatus(web, "STOPPED"), untilStatus(deaf, "STOPPED")]);
    assert.equal(containerOf(killed).exitCode, 137);
    assert.equal(stopped.stopCode, "UserInitiated");
    assert.ok(!(await isRunning(idOf(running))));
  });

  it("is killed while containers run, and knows when it is back what happened to them", async () => {
    const [kept, ending, killed] = await Promise.all([run("web"), run("ending"), run("web")]);
    const before = await untilStatus(kept, "RUNNING");
    const [endingId, killedId] = [
      idOf(await untilStatus(ending, "RUNNING")),
      idOf(await untilStatus(killed, "RUNNING")),
    ];
    await agent.end("SIGKILL");
    await host.docker.killContainer(killedId);
    await untilFound("the end of a container", async () => !(await isRunning(endingId)));
    assert.equal(await page(before), "hello\n");
    // Nobody reports what became of the containers.
    await untilConnected(false);
    assert.equal((await describeTask(ending))?.lastStatus, "RUNNING");

    agent = start();
    assert.equal((await agent.next("registered")).containerInstanceArn, instance);
    await agent.next("connected");
    assert.equal(containerOf(await untilStatus(ending, "STOPPED")).exitCode, 7);
    assert.equal(containerOf(await untilStatus(killed, "STOPPED")).exitCode, 137);
    await untilConnected(true);
    const after = must(await describeTask(kept), "the task that stays");
    assert.equal(after.lastStatus, "RUNNING");
    assert.equal(idOf(after), idOf(before));
    await ecs.stopTask({ cluster: host.tag, task: kept });
    await untilStatus(kept, "STOPPED");
  });

  it("outlives its control plane, and reports what it missed", async () => {
    const [kept, ending] = await Promise.all([run("web"), run("ending")]);
    const before = await untilStatus(kept, "RUNNING");
    const endingId = idOf(await untilStatus(ending, "RUNNING"));
    const { port } = dev.listening;
    await dev.end("SIGKILL");
    await agent.next("disconnected");
    await untilFound("the end of a container", async () => !(await isRunning(endingId)));
    assert.equal(await page(before), "hello\n");
    dev = await startDev(port);
    assert.equal(containerOf(await untilStatus(ending, "STOPPED")).exitCode, 7);
    await agent.next("connected");
    const late = await run("web");
    assert.equal(await page(await untilStatus(late, "RUNNING")), "hello\n");
    assert.equal(idOf(must(await describeTask(kept), "the task that stays")), idOf(before));
  });

  it("says in a line why it cannot start, and ends", async () => {
    const full = join(folder, "full");
    await mkdir(full);
    // Every write to it fails because no space is left.
    await symlink("/dev/full", join(full, "endpoints.json.new"));
    const programs = join(folder, "programs");
    await mkdir(programs);
    await writeFile(join(programs, "nvidia-smi"), "#!/bin/sh\necho No driver.\nexit 9\n", { mode: 0o755 });
    const stuck = start(full);
    const blind = start(join(folder, "blind"), { PATH: `${programs}:${process.env.PATH}` });
    assert.deepEqual(await Promise.all([stuck.end(), blind.end()]), [1, 1]);
    assert.match(stuck.err(), /^(?:\{.*\n)*berth: The agent cannot start \(ENOSPC: .*\)\.\n$/);
    assert.match(blind.err(), /^berth: nvidia-smi failed \(No driver\.\): fix it, .* join without GPUs\.\n$/);
    assert.equal(stuck.out() + blind.out(), "");
  });

  it("ends when its instance is deregistered, and leaves the containers, as it says", async () => {
    const task = await run("web");
    const running = await untilStatus(task, "RUNNING");
    await ecs.deregisterContainerInstance({ cluster: host.tag, containerInstance: instance, force: true });
    const { why, problem } = await agent.next("ended");
    assert.equal(why, "inactive");
    assert.match(problem ?? "", /was deregistered; containers that it left keep running\./);
    assert.equal(await agent.end(), 5);
    assert.equal(agent.err(), "");
    assert.ok(await isRunning(idOf(running)));
  });
});
