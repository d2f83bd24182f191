/*
 * What a task has on a real host besides its containers. Networks are in 10.79.240.0/20, which no control plane assigns in tests.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { type TestContext, test } from "node:test";
import type { TaskSurroundings } from "../../src/agent/container-runtime.ts";
import {
  type DockerGroundwork,
  openDockerGroundwork,
  pauseName,
} from "../../src/agent/docker/groundwork/docker-groundwork.ts";
import { untilFound } from "../until.ts";
import { RuntimeWorld } from "./runtime-world.ts";
import { asking, fetchText, SmallHost, someTaskArn, taskAt, taskWith, testImage, whyNoHost } from "./small-host.ts";

const skip = await whyNoHost();

/** The exit code that Docker gives to a container that it could not start. */
const startFailed = 128;

/** As soon as somebody listens there. */
async function answering(url: string): Promise<string> {
  const { text } = await untilFound(`an answer of ${url}`, () =>
    fetchText(url).then(
      (text) => ({ text }),
      () => null,
    ),
  );
  return text;
}

class World {
  readonly host: SmallHost;
  readonly groundwork: DockerGroundwork;

  private constructor(host: SmallHost, groundwork: DockerGroundwork) {
    this.host = host;
    this.groundwork = groundwork;
  }

  static async open(context: TestContext): Promise<World> {
    const host = await SmallHost.open(context);
    return new World(host, await openDockerGroundwork({ docker: host.docker, log: () => {} }));
  }

  /** The groundwork of another process, or another agent of the host. */
  another(): Promise<DockerGroundwork> {
    return openDockerGroundwork({ docker: this.host.docker, log: () => {} });
  }

  /** Prepares a task, and returns its ARN and where its containers go. */
  async prepare(task: TaskSurroundings, taskArn = someTaskArn()): Promise<{ arn: string; place: object }> {
    this.host.atEnd(() => this.groundwork.clean(taskArn, task));
    await this.groundwork.prepare(taskArn, task, []);
    const { networkMode, pidMode, ipcMode, cgroupParent } = this.groundwork.placeOf(taskArn, task);
    const place = { NetworkMode: networkMode, PidMode: pidMode, IpcMode: ipcMode, CgroupParent: cgroupParent };
    return { arn: taskArn, place };
  }
}

test("awsvpc: the inner address is the given one, reached from the task, from other tasks and from the host", {
  skip,
}, async (t) => {
  const world = await World.open(t);
  const { host } = world;
  const [a, b] = [taskAt("10.79.240.10", "10.79.240.1"), taskAt("10.79.240.11", "10.79.240.1")];
  const first = await world.prepare({ ...a, networkInterface: { ...a.networkInterface, privateDnsName: "task-a" } });
  const second = await world.prepare({
    ...b,
    networkInterface: { ...b.networkInterface, macAddress: "0a:01:02:03:04:06" },
  });
  const shown = await host.run(["ip", "address", "show", "eth0"], first.place);
  assert.match(shown.text, /inet 10\.79\.240\.10\/24 /);
  assert.match(shown.text, /link\/ether 0a:01:02:03:04:05 /);

  await host.start(["httpd", "-f", "-p", "8080", "-h", "/etc"], first.place);
  assert.match(await answering("http://10.79.240.10:8080/hostname"), /^task-a$/m, "the host by address");
  const from = (place: object, address: string) => host.run(asking(address, 8080, "/hostname"), place);
  assert.match((await from(first.place, "127.0.0.1")).text, /task-a/, "containers of the task on localhost");
  assert.match((await from(second.place, "10.79.240.10")).text, /task-a/, "another task by address");
  assert.ok(!(await from(second.place, "127.0.0.1")).text.includes("task-a"), "a namespace of its own");
});

test("a later process finds what is prepared, and prepares it again if it does not run", { skip }, async (t) => {
  const world = await World.open(t);
  const task = taskAt("10.79.241.10", "10.79.241.1");
  const { arn } = await world.prepare(task);
  const idNow = async () => (await world.host.docker.inspectContainer(pauseName(arn))).Id;
  const id = await idNow();
  const later = await world.another();
  await later.prepare(arn, task, []);
  assert.equal(await idNow(), id);
  await world.host.docker.killContainer(id);
  await later.prepare(arn, task, []);
  assert.notEqual(await idNow(), id);
});

test("an address is free after its release, and awaited until then; the network goes with its last task", {
  skip,
}, async (t) => {
  const world = await World.open(t);
  const { docker } = world.host;
  const task = taskAt("10.79.242.10", "10.79.242.1");
  const { arn } = await world.prepare(task);
  const taken = someTaskArn();
  const reason = new RegExp(
    `^Error: resource cannot be initialized for task ${taken}: the address 10\\.79\\.242\\.10 is in use by the container ${pauseName(arn)}$`,
  );
  await assert.rejects(world.prepare(task, taken), reason);
  const nextArn = someTaskArn();
  const next = world.prepare(task, nextArn);
  await untilFound("the next one has tried in vain", async () => {
    const pause = await docker.inspectContainer(pauseName(nextArn)).catch(() => null);
    return pause?.State?.ExitCode === startFailed;
  });
  await world.groundwork.release(arn, task);
  await next;

  await world.groundwork.clean(arn, task);
  assert.equal((await docker.inspectNetwork("berth-10.79.242.0-24")).Name, "berth-10.79.242.0-24");
  await world.groundwork.release(nextArn, task);
  await world.groundwork.clean(nextArn, task);
  await world.groundwork.clean(taken, task);
  await assert.rejects(docker.inspectNetwork("berth-10.79.242.0-24"), /not found/i);
});

test("agents that come to a subnet at the same time share its network; one that leaves does not take it away", {
  skip,
}, async (t) => {
  const world = await World.open(t);
  const agents = [world.groundwork, await world.another(), await world.another()];
  const tasks = agents.map((agent, index) => ({
    agent,
    arn: someTaskArn(),
    task: taskWith({
      networkMode: "awsvpc",
      networkInterface: {
        ipv4Addresses: [{ privateAddress: `10.79.243.${10 + index}` }],
        subnetGatewayIpv4Address: "10.79.243.1/24",
      },
    }),
  }));
  world.host.atEnd(() => Promise.all(tasks.map(({ agent, arn, task }) => agent.clean(arn, task))));
  await Promise.all(tasks.map(({ agent, arn, task }) => agent.prepare(arn, task, [])));
  for (let round = 0; round < 3; round++) {
    await Promise.all(
      tasks.map(async ({ agent, arn, task }) => {
        await agent.clean(arn, task);
        await agent.prepare(arn, task, []);
      }),
    );
  }
  const network = await world.host.docker.inspectNetwork("berth-10.79.243.0-24");
  assert.equal(Object.keys(network.Containers ?? {}).length, 3);
});

test("the reason names a foreign network that is in the way", { skip }, async (t) => {
  const world = await World.open(t);
  const { docker } = world.host;
  const name = `berth-test-in-the-way-${process.pid}`;
  const { Id } = await docker.createNetwork({ Name: name, IPAM: { Config: [{ Subnet: "10.79.244.0/22" }] } });
  world.host.atEnd(() => docker.removeNetwork(Id));
  const task = taskAt("10.79.245.10", "10.79.245.1");
  const arn = someTaskArn();
  const reason = new RegExp(
    `task ${arn}: the subnet 10\\.79\\.245\\.0/24 overlaps with the network ${name} \\(10\\.79\\.244\\.0/22\\) of this host$`,
  );
  await assert.rejects(world.prepare(task, arn), reason);
});

test("pidMode and ipcMode task: the containers see each other's processes, and the pause program reaps orphans", {
  skip,
}, async (t) => {
  const world = await World.open(t);
  const { place } = await world.prepare(taskWith({ pidMode: "task", ipcMode: "task" }));
  await world.host.start(["sleep", "1000"], place);
  // The inner shell ends before its child, which the first process then inherits.
  await world.host.run(["sh", "-c", "/busybox sh -c '/busybox sleep 0.2 & exit 0'; /busybox sleep 0.6"], place);
  const { text } = await world.host.run(["ps", "-o", "pid,stat,args"], place);
  assert.match(text, /^ +1 S +\/pause$/m);
  assert.match(text, /\/busybox sleep 1000$/m);
  assert.doesNotMatch(text, / Z /, "no zombies");
});

test("a task with half a core and 64 MiB has exactly that, and a container that wants more is killed for it", {
  skip,
}, async (t) => {
  const world = await World.open(t);
  if (!world.groundwork.canLimitTasks()) return t.skip("this host cannot limit tasks");
  const task = taskWith({ cpuUnits: 512, memoryMiB: 64 });
  const { arn, place } = await world.prepare(task);
  const id = arn.split("/").at(-1) ?? "";
  const v1 = existsSync("/sys/fs/cgroup/memory/berth");
  const read = (file: string): string => readFileSync(file, "utf8").trim();
  if (v1) {
    assert.equal(read(`/sys/fs/cgroup/memory/berth/${id}/memory.limit_in_bytes`), "67108864");
    assert.equal(read(`/sys/fs/cgroup/cpu/berth/${id}/cpu.cfs_quota_us`), "50000");
    assert.equal(read(`/sys/fs/cgroup/cpu/berth/${id}/cpu.cfs_period_us`), "100000");
  } else if (existsSync(`/sys/fs/cgroup/berth/${id}`)) {
    assert.equal(read(`/sys/fs/cgroup/berth/${id}/memory.max`), "67108864");
    assert.equal(read(`/sys/fs/cgroup/berth/${id}/cpu.max`), "50000 100000");
  }
  const want = (megabytes: number) =>
    world.host.run(["dd", "if=/dev/zero", "of=/dev/null", `bs=${megabytes}M`, "count=1"], place);
  const [modest, greedy] = [await want(16), await want(200)];
  assert.deepEqual([modest.exitCode, modest.oomKilled], [0, false]);
  assert.deepEqual([greedy.exitCode, greedy.oomKilled], [137, true]);

  const busy = await world.host.run(
    ["sh", "-c", "/busybox timeout 1 /busybox yes > /dev/null; /busybox cat /proc/self/cgroup"],
    place,
  );
  assert.match(busy.text, new RegExp(id));
});

test("nothing of a task's control groups is left once it is cleaned", { skip }, async (t) => {
  const world = await World.open(t);
  if (!world.groundwork.canLimitTasks()) return t.skip("this host cannot limit tasks");
  const task = taskWith({ memoryMiB: 64 });
  const { arn, place } = await world.prepare(task);
  const id = arn.split("/").at(-1) ?? "";
  await world.host.run(["true"], place);
  await world.groundwork.clean(arn, task);
  for (const hierarchy of ["memory", "cpu", "pids", "unified", "."]) {
    assert.ok(!existsSync(`/sys/fs/cgroup/${hierarchy}/berth/${id}`), hierarchy);
  }
});

test("through the runtime: the limit of the task ends a container with the documented reason, in a namespace of its own", {
  skip,
}, async (t) => {
  const world = await World.open(t);
  if (!world.groundwork.canLimitTasks()) return t.skip("this host cannot limit tasks");
  const taskArn = someTaskArn();
  const task = taskAt("10.79.246.10", "10.79.246.1", { memoryMiB: 64 });
  const agent = new RuntimeWorld(process.env.DOCKER_HOST ?? "", "lab", { groundwork: world.groundwork });
  world.host.atEnd(() => Promise.resolve(agent.close()));
  const words = "ip -4 address show eth0 && dd if=/dev/zero of=/dev/null bs=200M count=1";
  const command = ["/busybox", "sh", "-c", words.replaceAll(/(^|&& )/g, "$1/busybox ")];
  const spec = { name: "greedy", image: testImage, essential: true, command };
  agent.run({ type: "prepare", taskArn, task, specs: [spec], toCreate: ["c0"] });
  await agent.next("prepared");
  const runtimeId = await agent.launch(taskArn, spec, { task });
  const { exitCode, reason } = await agent.next("exited", "greedy");
  assert.deepEqual([exitCode, reason], [137, "OutOfMemoryError: Container killed due to memory usage"]);
  assert.match(await world.host.docker.logsOf(runtimeId), /inet 10\.79\.246\.10\/24 /);
  agent.run({ type: "release", taskArn, task });
  agent.run({ type: "remove", taskArn, container: "greedy", runtimeId });
  agent.run({ type: "clean", taskArn, task });
  await untilFound("the network to go", async () => {
    const networks = await world.host.docker.listNetworks({ name: ["berth-10.79.246.0-24"] });
    return networks.length === 0 ? true : null;
  });
});
