/** Hosts for Fargate over the real control plane, sessions and agents, a memory disk and a clock advanced by hand. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TaskSurroundings } from "../../agent/container-runtime.ts";
import { SimulatedRuntime, simulatedTimes } from "../../agent/simulated/simulated-runtime.ts";
import { AgentSessions } from "../../agent-sessions/agent-sessions.ts";
import { ControlPlane } from "../../cluster-runner/control-plane.ts";
import { limits } from "../../ecs/limits.ts";
import type { AnsweredName } from "../../ecs/machine/operations.ts";
import { must } from "../../lib/assert.ts";
import { seededRandom } from "../../lib/random.ts";
import { VirtualClock } from "../../lib/virtual-clock.ts";
import { emptyMemoryDisk, MemoryStore } from "../../store/memory/memory-store.ts";
import { openLog } from "../log/log.ts";
import { ManagedHosts, simulatedManagedRuntime } from "./managed-hosts.ts";

const place = { account: "123456789012", region: "eu-west-1" };
const caller = { principalArn: "arn:aws:iam::123456789012:root", isAgent: false };
const definition = {
  family: "web",
  requiresCompatibilities: ["FARGATE"],
  networkMode: "awsvpc",
  cpu: "256",
  memory: "512",
  containerDefinitions: [{ name: "main", image: "nginx" }],
};
const run = {
  taskDefinition: "web",
  launchType: "FARGATE",
  networkConfiguration: { awsvpcConfiguration: { subnets: ["subnet-1"] } },
};

/** A process over the disk; each draws different ids. */
async function aProcess(name: string, disk = emptyMemoryDisk(), clock = new VirtualClock(1_700_000_000_000)) {
  const store = new MemoryStore({ disk });
  const random = seededRandom(name);
  const prepared: TaskSurroundings[] = [];
  const runtime = simulatedManagedRuntime(clock, random, simulatedTimes, null, (host) => {
    const made = new SimulatedRuntime({ clock, ids: random.stream(`runtime/${host}`) });
    const runCommand = made.run.bind(made);
    made.run = (command) => {
      if (command.type === "prepare") prepared.push(command.task);
      runCommand(command);
    };
    return made;
  });
  const controlPlane = new ControlPlane({
    store,
    clock,
    randomFor: (partition) => seededRandom(`${name}/${partition}`),
    configuration: { latestAgentVersion: "1.99.0", verifyIdentity: null, managedHosts: runtime },
    endpoints: () => ({ endpoint: "http://acs", telemetryEndpoint: "http://tcs" }),
    log: () => {},
  });
  const sessions = new AgentSessions({ controlPlane, clock, random, log: () => {} });
  const hosts = new ManagedHosts({ runtime, controlPlane, sessions, store, clock, random, log: openLog("silent") });
  const opening = controlPlane.open();
  // Clusters with Fargate tasks report their use to the account first.
  await clock.settle();
  await opening;
  await hosts.open();

  async function call(operation: AnsweredName, request: object) {
    const answer = controlPlane.call({ operation, request, caller, ...place });
    answer.catch(() => {});
    await clock.settle();
    // biome-ignore lint/suspicious/noExplicitAny: replies are read as loosely as JSON
    return (await answer) as any;
  }
  const statusOf = async (task: string): Promise<string> =>
    (await call("DescribeTasks", { tasks: [task] })).tasks[0].lastStatus;
  const disks = async (): Promise<number> => (await new MemoryStore({ disk }).open("managed-hosts")).documents.length;
  return { call, statusOf, hosts, disk, disks, clock, store, prepared };
}

async function runTask({ call, clock }: Awaited<ReturnType<typeof aProcess>>): Promise<string> {
  const { tasks } = await call("RunTask", run);
  await clock.advance(2_000);
  return must(tasks[0]?.taskArn, "the ARN of the task");
}

test("a host is started for the first task and ends, with its disk, after it has been idle long enough", async () => {
  const world = await aProcess("one");
  const { call, clock, hosts } = world;
  await call("CreateCluster", {});
  await call("RegisterTaskDefinition", definition);
  assert.equal(hosts.size, 0);
  const first = await runTask(world);
  const second = await runTask(world);
  assert.deepEqual([await world.statusOf(first), await world.statusOf(second), hosts.size], ["RUNNING", "RUNNING", 1]);
  for (const task of [first, second]) await call("StopTask", { task });
  await clock.advance(5_000);
  assert.deepEqual([await world.statusOf(first), hosts.size], ["STOPPED", 1]);
  await clock.advance(limits.managedHostIdleMs);
  assert.equal(hosts.size, 0);
  assert.equal(await world.disks(), 0);
});

test("another process takes the tasks over without a request", async () => {
  const before = await aProcess("before");
  await before.call("CreateCluster", {});
  await before.call("RegisterTaskDefinition", definition);
  const task = await runTask(before);
  const { tasks } = await before.call("RunTask", run);
  before.store.crash();

  const after = await aProcess("after", before.disk, new VirtualClock(before.clock.now()));
  await after.clock.settle();
  assert.equal(after.hosts.size, 1);
  await after.clock.advance(3_000);
  assert.deepEqual([await after.statusOf(task), await after.statusOf(tasks[0].taskArn)], ["RUNNING", "RUNNING"]);
  await after.call("StopTask", { task });
  await after.clock.advance(3_000);
  assert.equal(await after.statusOf(task), "STOPPED");
});

test("the host of a deleted cluster ends at once; a later cluster of that name gets another", async () => {
  const world = await aProcess("deleted");
  const { call, clock, hosts } = world;
  await call("CreateCluster", {});
  await call("RegisterTaskDefinition", definition);
  const task = await runTask(world);
  await call("StopTask", { task });
  await clock.advance(5_000);
  await call("DeleteCluster", { cluster: "default" });
  await clock.settle();
  assert.equal(hosts.size, 0);
  await call("CreateCluster", {});
  assert.equal(await world.statusOf(await runTask(world)), "RUNNING");
});

test("the runtime gets the size of the task, which it must enforce, and its interface", async () => {
  const world = await aProcess("sized");
  await world.call("CreateCluster", {});
  await world.call("RegisterTaskDefinition", definition);
  await runTask(world);
  const [task] = world.prepared;
  assert.deepEqual([task?.launchType, task?.cpuUnits, task?.memoryMiB], ["FARGATE", 256, 512]);
  assert.equal(task?.networkMode, "awsvpc");
  assert.match(task?.networkInterface?.ec2Id ?? "", /^eni-/);
});

test("a closed host starts nothing more", async () => {
  const world = await aProcess("closed");
  await world.call("CreateCluster", {});
  await world.call("RegisterTaskDefinition", definition);
  await world.hosts.close();
  const { tasks } = await world.call("RunTask", run);
  await world.clock.advance(5_000);
  assert.deepEqual([world.hosts.size, await world.statusOf(tasks[0].taskArn)], [0, "PENDING"]);
});
