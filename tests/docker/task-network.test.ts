/** Ports, networks and volumes of tasks with real containers, and what DescribeTasks shows. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { NetworkBinding, Task } from "@aws-sdk/client-ecs";
import { must } from "../../src/lib/assert.ts";
import { untilFound } from "../until.ts";
import { whyNoDocker } from "./docker-host.ts";
import { lasting, TaskWorld } from "./task-world.ts";

const skip = await whyNoDocker();

const web = (text: string, port = 80): string =>
  `mkdir -p /tmp/www; echo ${text} > /tmp/www/index.html; httpd -p ${port} -h /tmp/www; ${lasting[2]}`;
const serving = (text: string, port?: number) => ["sh", "-c", web(text, port)];

const bindings = (task: Task): readonly NetworkBinding[] =>
  (task.containers ?? []).flatMap(({ networkBindings = [] }) => networkBindings);
const hostPort = (task: Task, containerPort: number): number =>
  must(bindings(task).find((binding) => binding.containerPort === containerPort)?.hostPort, "the host port");

/** The page, once it is served. */
const page = (port: number): Promise<string> =>
  untilFound(`a page on port ${port}`, async () => {
    try {
      return await (await fetch(`http://127.0.0.1:${port}/`)).text();
    } catch {
      return null;
    }
  });

/** A port that nobody listened on a moment ago, outside the range that agents pick from. */
async function freePort(): Promise<number> {
  for (let port = 20_000 + Math.floor(Math.random() * 8_000); ; port++) {
    const server = createServer().listen(port, "0.0.0.0");
    const isFree = await once(server, "listening").then(
      () => true,
      () => false,
    );
    server.close();
    if (isFree) return port;
  }
}

describe("networks and volumes of tasks", { skip, concurrency: 6 }, () => {
  let world: TaskWorld;
  let folder: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "berth-volumes-"));
    world = await TaskWorld.open(null, { hostPaths: [folder] });
  });
  after(async () => {
    await world.close();
    rmSync(folder, { recursive: true });
  });

  it("publishes a port that the definition names, and one that it leaves open", async () => {
    const port = await freePort();
    const portMappings = [{ containerPort: 80, hostPort: port }, { containerPort: 81 }];
    const arn = await world.run([{ command: ["sh", "-c", `httpd -p 81 -h /etc; ${web("named")}`], portMappings }]);
    const task = await world.until(arn, "RUNNING");
    assert.deepEqual(bindings(task)[0], { bindIP: "0.0.0.0", containerPort: 80, hostPort: port, protocol: "tcp" });
    assert.equal(await page(port), "named\n");
    const open = hostPort(task, 81);
    assert.ok(open >= 32_768 && open <= 60_999);
    assert.equal((await fetch(`http://127.0.0.1:${open}/passwd`)).status, 200);
    // A second one with the same port finds no room.
    const [definition] = [task.taskDefinitionArn];
    const again = await world.ecs.runTask({ taskDefinition: definition });
    assert.deepEqual(
      again.failures?.map(({ reason }) => reason),
      ["RESOURCE:PORTS"],
    );
    await world.stop(arn);
  });

  it("publishes ranges, and UDP", async () => {
    const portMappings = [{ containerPortRange: "9000-9002" }, { containerPort: 53, protocol: "udp" as const }];
    const arn = await world.run([{ command: lasting, portMappings }]);
    const task = await world.until(arn, "RUNNING");
    const range = must(
      bindings(task).find(({ containerPortRange }) => containerPortRange !== undefined),
      "the range",
    );
    const [first = 0, last = 0] = (range.hostPortRange ?? "").split("-").map(Number);
    assert.deepEqual([range.containerPortRange, last - first], ["9000-9002", 2]);
    const ports = (await world.container(arn)).NetworkSettings?.Ports ?? {};
    const published = (port: string): number => Number(ports[port]?.[0]?.HostPort);
    assert.deepEqual([published("9000/tcp"), published("9002/tcp")], [first, last]);
    assert.equal(published("53/udp"), hostPort(task, 53));
    await world.stop(arn);
  });

  it("assigns no port that somebody else on the host has", async () => {
    const servers = await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        const server = createServer().listen(32_768 + index, "0.0.0.0");
        await once(server, "listening").catch(() => {});
        return server;
      }),
    );
    try {
      const arn = await world.run([{ command: serving("found"), portMappings: [{ containerPort: 80 }] }]);
      const task = await world.until(arn, "RUNNING");
      assert.equal(await page(hostPort(task, 80)), "found\n");
      await world.stop(arn);
    } finally {
      for (const server of servers) server.close();
    }
  });

  it("says which requested port is not available", async () => {
    const server = createServer().listen(await freePort(), "0.0.0.0");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    try {
      const arn = await world.run([{ command: lasting, portMappings: [{ containerPort: 80, hostPort: port }] }]);
      const task = await world.until(arn, "STOPPED");
      assert.equal(task.stopCode, "TaskFailedToStart");
      assert.match(
        task.containers?.[0]?.reason ?? "",
        new RegExp(`^CannotStartContainerError: .*${port}.*address already in use`),
      );
    } finally {
      server.close();
    }
  });

  it("sets kernel parameters of the network of a task, for all of its containers", async () => {
    const systemControls = [{ namespace: "net.ipv4.ip_unprivileged_port_start", value: "777" }];
    const networkConfiguration = { awsvpcConfiguration: { subnets: ["subnet-1"] } };
    const script = "cat /proc/sys/net/ipv4/ip_unprivileged_port_start";
    const { text } = await world.script(
      script,
      { systemControls },
      { networkMode: "awsvpc" },
      { networkConfiguration },
    );
    assert.equal(text, "777\n");
  });

  it("is on the host's own network", async () => {
    const port = await freePort();
    const arn = await world.run([{ command: serving("host", port), portMappings: [{ containerPort: port }] }], {
      networkMode: "host",
    });
    const task = await world.until(arn, "RUNNING");
    assert.equal(hostPort(task, port), port);
    assert.equal(await page(port), "host\n");
    assert.equal((await world.container(arn)).HostConfig?.NetworkMode, "host");
    await world.stop(arn);
  });

  it("is on no network", async () => {
    const { text } = await world.script("ip -o link", {}, { networkMode: "none" });
    assert.match(text, /^1: lo:.*\n$/);
  });

  it("has an address of its own, which the API shows", async () => {
    const awsvpcConfiguration = { subnets: ["subnet-1"] };
    const arn = await world.run(
      [
        { command: serving("own") },
        {
          command: ["sh", "-c", `ip -o -4 addr; wget -qO- http://127.0.0.1/; ${lasting[2]}`],
        },
      ],
      { networkMode: "awsvpc" },
      { networkConfiguration: { awsvpcConfiguration } },
    );
    const task = await world.until(arn, "RUNNING");
    const details = Object.fromEntries((task.attachments?.[0]?.details ?? []).map(({ name, value }) => [name, value]));
    const address = details.privateIPv4Address ?? "";
    assert.equal(task.attachments?.[0]?.status, "ATTACHED");
    assert.equal(task.containers?.[0]?.networkInterfaces?.[0]?.privateIpv4Address, address);
    await untilFound("the address inside", async () => (await world.output(arn, "c1")).includes(`inet ${address}/`));
    const reached = untilFound("the page under its address", () =>
      fetch(`http://${address}/`).then(
        (answer) => answer.text(),
        () => null,
      ),
    );
    assert.equal(await reached, "own\n");
    await world.stop(arn);
  });

  it("reaches another container by its link", async () => {
    const arn = await world.run([
      { name: "base", command: serving("linked") },
      {
        name: "main",
        command: [
          "sh",
          "-c",
          `grep friend /etc/hosts; until wget -qO- http://friend/; do sleep 0.1; done; ${lasting[2]}`,
        ],
        links: ["base:friend"],
      },
    ]);
    await world.until(arn, "RUNNING");
    await untilFound("the name of the link", async () => (await world.output(arn, "main")).includes("friend"));
    await world.stop(arn);
  });

  it("binds folders of the host, read-only if requested", async () => {
    writeFileSync(join(folder, "given"), "from the host");
    const volumes = [{ name: "bound", host: { sourcePath: folder } }];
    const { text } = await world.script(
      "cat /in/given; echo; echo x > /in/given; echo back > /out/made",
      {
        mountPoints: [
          { sourceVolume: "bound", containerPath: "/in", readOnly: true },
          { sourceVolume: "bound", containerPath: "/out" },
        ],
      },
      { volumes },
    );
    assert.match(text, /^from the host$/m);
    assert.match(text, /Read-only file system/);
    assert.equal(readFileSync(join(folder, "made"), "utf8"), "back\n");
  });

  it("shares volumes among tasks, creates one if it should, and takes another's from its container", async () => {
    const name = `${world.host.tag}-shared`;
    const dockerVolumeConfiguration = { scope: "shared" as const, autoprovision: true, labels: { "berth-test": name } };
    const volumes = [{ name, dockerVolumeConfiguration }];
    const mountPoints = [{ sourceVolume: name, containerPath: "/data" }];
    await world.script("echo kept > /data/file", { mountPoints }, { volumes });
    assert.equal((await world.script("cat /data/file", { mountPoints }, { volumes })).text, "kept\n");
    const { Labels, Driver } = await world.host.docker.inspectVolume(name);
    assert.deepEqual([Labels?.["berth-test"], Driver], [name, "local"]);
    const arn = await world.run(
      [
        { name: "owner", command: lasting, mountPoints },
        {
          name: "guest",
          command: ["sh", "-c", `cat /data/file; echo y > /data/file; ${lasting[2]}`],
          volumesFrom: [{ sourceContainer: "owner", readOnly: true }],
        },
      ],
      { volumes },
    );
    await world.until(arn, "RUNNING");
    await untilFound("what the guest saw", async () => {
      // Two streams, either of which may come first.
      const text = await world.output(arn, "guest");
      return text.includes("kept\n") && text.includes("Read-only file system");
    });
    await world.stop(arn);
  });

  it("has volumes of its own, named by the definition or anonymous", async () => {
    const mountPoints = [
      { sourceVolume: "scratch", containerPath: "/scratch" },
      { sourceVolume: "mine", containerPath: "/mine" },
    ];
    const volumes = [{ name: "scratch" }, { name: "mine", dockerVolumeConfiguration: { scope: "task" as const } }];
    const { container } = await world.script("touch /scratch/x /mine/x", { mountPoints }, { volumes });
    const mounts = new Map(container.Mounts?.map(({ Destination, Type, Name }) => [Destination, [Type, Name]]));
    for (const [path, name] of [
      ["/scratch", "scratch"],
      ["/mine", "mine"],
    ] as const) {
      const [type, found] = mounts.get(path) ?? [];
      assert.equal(type, "volume");
      assert.match(found ?? "", new RegExp(`^ecs-${world.host.tag}-\\d+-1-${name}-[0-9a-f]{20}$`));
    }
  });

  it("shares process ids and shared memory if the task says so", async () => {
    const arn = await world.run(
      [
        { name: "main", command: ["sh", "-c", `echo here > /dev/shm/note; ${lasting[2]}`] },
        {
          name: "looking",
          command: ["sh", "-c", "until cat /dev/shm/note; do sleep 0.1; done; ps"],
          essential: false,
          dependsOn: [{ containerName: "main", condition: "START" }],
        },
      ],
      { pidMode: "task", ipcMode: "task" },
    );
    await world.until(arn, "RUNNING");
    await untilFound("the other's process", async () =>
      /here\n(.*\n)*.*trap 'exit 0'/.test(await world.output(arn, "looking")),
    );
    await world.stop(arn);
  });
});
