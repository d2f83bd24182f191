/** The runtime with real containers and a healthy engine. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import { openDockerGroundwork, pauseName } from "../../src/agent/docker/groundwork/docker-groundwork.ts";
import { strictPolicy } from "../../src/agent/docker/policy/host-policy.ts";
import type { PayloadContainer } from "../../src/agent-protocol/to-agent/payload-container.ts";
import { must } from "../../src/lib/assert.ts";
import { untilFound } from "../until.ts";
import { DockerHost, whyNoDocker } from "./docker-host.ts";
import { plainTask, RuntimeWorld } from "./runtime-world.ts";
import { taskAt, whyNoHost } from "./small-host.ts";

const skip = await whyNoDocker();
const notOnThisHost = await whyNoHost();
const outOfMemory = "OutOfMemoryError: Container killed due to memory usage";

describe("containers of a real engine", { skip }, () => {
  let host: DockerHost;
  const worlds: RuntimeWorld[] = [];
  let tasks = 0;

  before(async () => {
    host = await DockerHost.open();
  });
  afterEach(() => {
    for (const world of worlds.splice(0)) world.close();
  });
  after(() => host.close());

  const aWorld = (options: ConstructorParameters<typeof RuntimeWorld>[2] = {}): RuntimeWorld => {
    const world = new RuntimeWorld(process.env.DOCKER_HOST ?? "", host.tag, options);
    worlds.push(world);
    return world;
  };
  const aTaskArn = (): string => {
    tasks += 1;
    return `arn:aws:ecs:us-east-1:123456789012:task/${host.tag}/${String(tasks).padStart(32, "0")}`;
  };
  const aContainer = (script: string, more: Partial<PayloadContainer> = {}): PayloadContainer => ({
    name: "app",
    image: host.image,
    essential: true,
    entryPoint: ["/bin/sh", "-c"],
    command: [script],
    ...more,
  });

  it("runs a container to its end and reports its exit code", async () => {
    const world = aWorld();
    const taskArn = aTaskArn();
    const spec = aContainer('echo "$GREETING from $HERE"; exit 3', { environment: { GREETING: "hello" } });
    world.run({ type: "pull", taskArn, container: "app", image: spec.image, spec });
    assert.equal((await world.next("pulled")).imageDigest, null);
    const runtimeId = await world.launch(taskArn, spec);
    const exited = await world.next("exited");
    assert.equal(exited.exitCode, 3);
    assert.equal(exited.reason, null);
    assert.match(await host.docker.logsOf(runtimeId), /hello from/);
    world.run({ type: "remove", taskArn, container: "app", runtimeId });
    await untilFound("the removal", async () => (await host.docker.listContainers({ id: [runtimeId] })).length === 0);
  });

  it("gives the container its name, its labels and the agent's environment", async () => {
    const world = aWorld({ environmentOf: (taskArn, container) => ({ HERE: `${taskArn} ${container}` }) });
    const taskArn = aTaskArn();
    const config = JSON.stringify({ Labels: { mine: "yes", "com.amazonaws.ecs.cluster": "forged" }, User: "1000" });
    const runtimeId = await world.create(taskArn, aContainer("true", { dockerConfig: { config } }));
    const made = await host.docker.inspectContainer(runtimeId);
    assert.match(made.Name ?? "", /^\/ecs-fam-3-app-[0-9a-f]{20}$/);
    assert.deepEqual(made.Config?.Labels, {
      mine: "yes",
      "com.amazonaws.ecs.cluster": host.tag,
      "com.amazonaws.ecs.container-name": "app",
      "com.amazonaws.ecs.task-arn": taskArn,
      "com.amazonaws.ecs.task-definition-family": "fam",
      "com.amazonaws.ecs.task-definition-version": "3",
    });
    assert.ok(made.Config?.Env?.includes(`HERE=${taskArn} app`));
  });

  it("is killed by the memory limit with 137 and the reason", async () => {
    const world = aWorld();
    const hostConfig = JSON.stringify({ MemorySwap: 16 * 1024 * 1024 });
    const hog = aContainer("x=0123456789abcdef; while true; do x=$x$x; done", {
      memory: 16,
      dockerConfig: { hostConfig },
    });
    await world.launch(aTaskArn(), hog);
    const exited = await world.next("exited", "app", 60_000);
    assert.equal(exited.exitCode, 137);
    assert.equal(exited.reason, outOfMemory);
  });

  it("stops with SIGTERM a container that obeys, and with SIGKILL one that does not", async () => {
    const world = aWorld();
    const obeys = aContainer("trap 'exit 7' TERM; while true; do sleep 0.1; done", { name: "obeys" });
    const ignores = aContainer("trap '' TERM; while true; do sleep 0.1; done", { name: "ignores" });
    const taskArn = aTaskArn();
    const ids = [await world.launch(taskArn, obeys), await world.launch(taskArn, ignores)];
    world.run({ type: "stop", taskArn, container: "obeys", runtimeId: must(ids[0], "id"), timeoutMs: 10_000 });
    assert.equal((await world.next("exited", "obeys")).exitCode, 7);
    world.run({ type: "stop", taskArn, container: "ignores", runtimeId: must(ids[1], "id"), timeoutMs: 1_000 });
    assert.equal((await world.next("exited", "ignores")).exitCode, 137);
  });

  it("starts an exited container again", async () => {
    const world = aWorld();
    const taskArn = aTaskArn();
    const spec = aContainer("exit 5");
    const runtimeId = await world.launch(taskArn, spec);
    const first = await world.next("exited");
    world.run({ type: "start", taskArn, container: "app", runtimeId, spec });
    const started = await world.next("started");
    assert.ok(started.at >= first.at);
    const second = await world.next("exited");
    assert.equal(second.exitCode, 5);
    assert.ok(second.at > first.at, "the second end is later than the first");
  });

  it("says why a command cannot be started, an image is missing, a refused option", async () => {
    const world = aWorld({ pullAttempts: { manifest: 1, pull: 1 } });
    const taskArn = aTaskArn();
    const unknown = aContainer("", { name: "unknown", entryPoint: ["/no/such/program"], command: [] });
    const runtimeId = await world.create(taskArn, unknown);
    world.run({ type: "start", taskArn, container: "unknown", runtimeId, spec: unknown });
    const failed = await world.next("start-failed");
    assert.match(failed.reason, /^CannotStartContainerError: Error response from daemon: .*no such file or directory/s);

    const missing = aContainer("true", { name: "missing", image: "berth-test.invalid/nothing:1" });
    world.run({ type: "create", taskArn, container: "missing", spec: missing, bindings: [], task: plainTask });
    assert.match(
      (await world.next("create-failed")).reason,
      /^CannotCreateContainerError: Error response from daemon: No such image: berth-test.invalid\/nothing:1/,
    );
    world.run({ type: "pull", taskArn, container: "missing", image: missing.image, spec: missing });
    assert.match(
      (await world.next("pull-failed", "missing", 60_000)).reason,
      /^CannotPull(?:ImageManifest|Container)Error: Error response from daemon: /,
    );

    const hostConfig = JSON.stringify({ Memory: 1 });
    const refused = aContainer("true", { name: "refused", dockerConfig: { hostConfig } });
    world.run({ type: "create", taskArn, container: "refused", spec: refused, bindings: [], task: plainTask });
    assert.match(
      (await world.next("create-failed")).reason,
      /^CannotCreateContainerError: Error response from daemon: .*memory/i,
    );
  });

  it("uses the copy on the host if the registry cannot be asked, and says so", async () => {
    const world = aWorld({ pullBehaviour: "default", pullAttempts: { manifest: 1, pull: 1 } });
    await host.docker.tagImage(host.image, "berth-test.invalid/copy", host.tag);
    const image = `berth-test.invalid/copy:${host.tag}`;
    try {
      const spec = aContainer("true", { image });
      world.run({ type: "pull", taskArn: aTaskArn(), container: "app", image, spec });
      const pulled = await world.next("pulled", "app", 60_000);
      assert.match(pulled.reason ?? "", /^CannotPull(?:ImageManifest|Container)Error: /);
    } finally {
      await host.docker.removeImage(image);
    }
  });

  it("reports the health that the check finds", async () => {
    const world = aWorld();
    const healthcheck = { Test: ["CMD-SHELL", "test -e /tmp/well"], Interval: 300_000_000, Retries: 1 };
    const spec = aContainer("sleep 0.5; touch /tmp/well; sleep 60", {
      healthCheckType: "docker",
      dockerConfig: { config: JSON.stringify({ Healthcheck: healthcheck }) },
    });
    const taskArn = aTaskArn();
    const runtimeId = await world.launch(taskArn, spec);
    await untilFound("health", () =>
      world.events.some((event) => event.type === "health" && event.status === "HEALTHY"),
    );
    world.run({ type: "remove", taskArn, container: "app", runtimeId });
  });

  it("publishes ports, and ranges of them", async () => {
    const world = aWorld();
    const bindings = [
      { protocol: "tcp", containerPort: 8_080, hostPort: 47_311, count: 1 },
      { protocol: "udp", containerPort: 9_000, hostPort: 47_321, count: 3 },
    ] as const;
    const script = "echo reached > /tmp/index.html; httpd -f -p 8080 -h /tmp";
    const taskArn = aTaskArn();
    const runtimeId = await world.launch(taskArn, aContainer(script), { bindings });
    const body = await untilFound("an answer on the published port", async () => {
      const response = await fetch("http://127.0.0.1:47311/").catch(() => null);
      return response?.ok === true ? response.text() : null;
    });
    assert.equal(body, "reached\n");
    const { NetworkSettings } = await host.docker.inspectContainer(runtimeId);
    assert.equal(NetworkSettings?.Ports?.["9002/udp"]?.[0]?.HostPort, "47323");
    world.run({ type: "remove", taskArn, container: "app", runtimeId });
  });

  it("mounts volumes of each kind, shares them, and removes those of the task", async () => {
    const folder = await mkdtemp(join(tmpdir(), "berth-docker-"));
    const world = aWorld({ policy: { ...strictPolicy, hostPaths: [folder] } });
    const taskArn = aTaskArn();
    const shared = `${host.tag}-shared`;
    const task = {
      ...plainTask,
      volumes: [
        { name: "bound", type: "host", host: { sourcePath: folder } },
        { name: "empty", type: "host", host: {} },
        { name: "ours", type: "docker", dockerVolumeConfiguration: { scope: "task", labels: { test: host.tag } } },
        { name: shared, type: "docker", dockerVolumeConfiguration: { scope: "shared", autoprovision: true } },
      ],
    };
    world.run({ type: "prepare", taskArn, task, specs: [], toCreate: [] });
    await world.next("prepared");
    const writer = aContainer("for f in a b c d; do echo $f > /$f/file; done; sleep 60", {
      name: "writer",
      mountPoints: [
        { sourceVolume: "bound", containerPath: "/a" },
        { sourceVolume: "empty", containerPath: "/b" },
        { sourceVolume: "ours", containerPath: "/c" },
        { sourceVolume: shared, containerPath: "/d" },
      ],
    });
    const reader = aContainer(
      "until test -e /d/file; do sleep 0.05; done; cat /a/file /b/file /c/file /d/file; ! touch /b/x",
      {
        name: "reader",
        volumesFrom: [{ sourceContainer: "writer", readOnly: true }],
      },
    );
    const ids = [await world.launch(taskArn, writer, { task }), await world.launch(taskArn, reader, { task })];
    assert.equal((await world.next("exited", "reader")).exitCode, 0);
    assert.match(await host.docker.logsOf(must(ids[1], "id")), /a\nb\nc\nd\n/);
    assert.equal(await readFile(join(folder, "file"), "utf8"), "a\n");

    const unknown = aContainer("true", {
      name: "unknown",
      mountPoints: [{ sourceVolume: "nowhere", containerPath: "/x" }],
    });
    world.run({ type: "create", taskArn, container: "unknown", spec: unknown, bindings: [], task });
    assert.equal((await world.next("create-failed")).reason, "HostConfigError: Invalid volume referenced: nowhere");

    const ofTask = async (): Promise<number> => {
      const mounts = await host.docker.listVolumes({ name: ["ecs-fam-3-"] });
      return mounts.filter(({ Name }) => volumeNames.has(Name)).length;
    };
    const { Mounts = [] } = await host.docker.inspectContainer(must(ids[0], "id"));
    const volumeNames = new Set(Mounts.map(({ Name }) => Name ?? "").filter((name) => name.startsWith("ecs-")));
    assert.equal(volumeNames.size, 2);
    assert.equal(await ofTask(), 2);
    for (const [at, container] of ["writer", "reader"].entries()) {
      world.run({ type: "remove", taskArn, container, runtimeId: must(ids[at], "id") });
    }
    world.run({ type: "clean", taskArn, task });
    await untilFound("the volumes of the task to go", async () => (await ofTask()) === 0);
    assert.equal((await host.docker.listVolumes({ name: [shared] })).length, 1);
    await rm(folder, { recursive: true });
  });

  it("links containers of a task in bridge mode", async () => {
    const world = aWorld();
    const taskArn = aTaskArn();
    const web = aContainer("echo linked > /tmp/index.html; httpd -f -p 80 -h /tmp", { name: "web" });
    const asks = aContainer("until wget -q -O - http://other/; do sleep 0.1; done", {
      name: "asks",
      links: ["web:other"],
    });
    const ids = [await world.launch(taskArn, web), await world.launch(taskArn, asks)];
    assert.equal((await world.next("exited", "asks")).exitCode, 0);
    assert.equal(await host.docker.logsOf(must(ids[1], "id")), "linked\n");
    world.run({ type: "remove", taskArn, container: "web", runtimeId: must(ids[0], "id") });
  });

  it("measures what containers use", async () => {
    const world = aWorld({ usageIntervalMs: 200 });
    const taskArn = aTaskArn();
    const runtimeId = await world.launch(taskArn, aContainer("while true; do :; done"));
    const usage = await untilFound("usage", () =>
      world.runtime.usage().find(({ cpuPercent }) => cpuPercent.length > 0),
    );
    const cpu = must(usage.cpuPercent[0], "a sample");
    assert.ok(cpu > 1 && cpu <= 101, `${cpu} % of the whole host`);
    assert.ok(must(usage.memoryMiB[0], "a sample") < 50);
    assert.notEqual(usage.network, null);
    world.run({ type: "remove", taskArn, container: "app", runtimeId });
  });

  it("creates one container however often it is asked, in this process or the next", async () => {
    const taskArn = aTaskArn();
    const spec = aContainer("exit 4");
    const first = aWorld();
    const runtimeId = await first.create(taskArn, spec);
    const second = aWorld();
    assert.equal(await second.create(taskArn, spec), runtimeId);
    first.run({ type: "start", taskArn, container: "app", runtimeId, spec });
    const exited = await first.next("exited");
    // The second process does not know that it was started already, and must not run it again.
    second.run({ type: "start", taskArn, container: "app", runtimeId, spec });
    await second.next("started");
    const told = await second.next("exited");
    assert.deepEqual([told.exitCode, told.at], [4, exited.at]);
  });

  it("takes over containers after an agent restart: running, ended, and missing ones", async () => {
    const before = aWorld();
    const taskArn = aTaskArn();
    const runs = aContainer("while true; do sleep 0.1; done", { name: "runs" });
    const ended = aContainer("sleep 0.3; exit 9", { name: "ended" });
    const gone = aContainer("sleep 60", { name: "gone" });
    const [runsId, endedId, goneId] = [
      await before.launch(taskArn, runs),
      await before.launch(taskArn, ended),
      await before.launch(taskArn, gone),
    ];
    before.close();
    await untilFound("the end", async () => (await host.docker.inspectContainer(endedId)).State?.Running === false);
    await host.docker.removeContainer(goneId);
    const endedAt = Date.parse((await host.docker.inspectContainer(endedId)).State?.FinishedAt ?? "");

    const next = aWorld();
    const watch = (spec: PayloadContainer, runtimeId: string): void =>
      next.run({ type: "watch", taskArn, container: spec.name, runtimeId, spec, startedAt: 0 });
    watch(ended, endedId);
    const exit = await next.next("exited", "ended");
    assert.deepEqual([exit.exitCode, exit.at], [9, endedAt]);
    watch(gone, goneId);
    const vanished = await next.next("exited", "gone");
    assert.equal(vanished.exitCode, null);
    assert.equal(vanished.reason, "ContainerVanishedError: No container matching saved ID found");
    watch(runs, runsId);
    await host.docker.killContainer(runsId);
    assert.equal((await next.next("exited", "runs")).exitCode, 137);
  });

  it("reports a container that an operator removes by force", async () => {
    const world = aWorld();
    const runtimeId = await world.launch(aTaskArn(), aContainer("sleep 60"));
    await host.docker.removeContainer(runtimeId);
    const exited = await world.next("exited");
    assert.equal(exited.exitCode, 137);
  });

  it("puts the containers of a task into its prepared namespaces", {
    skip: notOnThisHost,
  }, async () => {
    const groundwork = await openDockerGroundwork({ docker: host.docker, log: () => {} });
    const world = aWorld({ groundwork, usageIntervalMs: 200 });
    const taskArn = aTaskArn();
    const task = taskAt("10.79.247.5", "10.79.247.1", { pidMode: "task" });
    world.run({ type: "prepare", taskArn, task, specs: [], toCreate: [] });
    await world.next("prepared");
    // What Docker refuses in another container's network is left out.
    const dockerConfig = {
      config: JSON.stringify({ Hostname: "not-mine" }),
      hostConfig: JSON.stringify({ NetworkMode: "none", Dns: ["10.0.0.2"] }),
    };
    const spec = aContainer("ip -4 addr show eth0; ps; sleep 60", { dockerConfig });
    const runtimeId = await world.launch(taskArn, spec, { task });
    const usage = await untilFound("usage", () => world.runtime.usage()[0]);
    assert.notEqual(usage.network, null, "its traffic is counted where its network is");
    await host.docker.killContainer(runtimeId);
    await world.next("exited");
    const written = await host.docker.logsOf(runtimeId);
    assert.match(written, /inet 10\.79\.247\.5\//);
    assert.match(written, /\/pause/);
    world.run({ type: "release", taskArn, task });
    world.run({ type: "remove", taskArn, container: "app", runtimeId });
    world.run({ type: "clean", taskArn, task });
    await untilFound("the namespaces to go", async () => {
      const left = await host.docker.listContainers({ name: [pauseName(taskArn)] });
      return left.length === 0;
    });
  });

  it("reports that it is well", async () => {
    assert.equal(await aWorld().runtime.check(), "OK");
  });
});
