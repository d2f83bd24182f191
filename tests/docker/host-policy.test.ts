/** What tasks try to do to the machine of a real engine, and the outcome with and without flags. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it, test } from "node:test";
import { must } from "../../src/lib/assert.ts";
import { type AgentProcess, startAgent } from "../agent-process.ts";
import { startBerth } from "../berth-process.ts";
import { whyNoDocker } from "./docker-host.ts";
import { sayings, TaskWorld, type Wanted } from "./task-world.ts";

const skip = await whyNoDocker();
const mountPoints = [{ sourceVolume: "v", containerPath: "/v" }];
const privilegedAttribute = "com.amazonaws.ecs.capability.privileged-container";

describe("a task on a host whose policy has no flags", { skip, concurrency: 4 }, () => {
  let world: TaskWorld;
  let foreign: string;

  before(async () => {
    world = await TaskWorld.open();
    foreign = `${world.host.tag}-foreign`;
    await world.host.docker.createVolume({ Name: foreign });
  });
  after(async () => {
    await world.host.docker.removeVolume(foreign).catch(() => {});
    await world.close();
  });

  /** Runs the task and returns why it stopped. None of its containers may have been created. */
  async function refusal(wanted: Wanted, more: object = {}): Promise<string> {
    const arn = await world.run([{ command: ["true"], ...wanted }], more);
    const task = await world.until(arn, "STOPPED");
    assert.equal((await world.containers(arn)).size, 0, sayings(task));
    return task.stoppedReason ?? "";
  }

  it("is not placed there if it is privileged, and the failure names the attribute", async () => {
    const taskDefinition = await world.register([{ privileged: true }]);
    const { tasks, failures } = await world.ecs.runTask({ taskDefinition });
    assert.deepEqual([tasks, failures?.map(({ reason }) => reason)], [[], ["ATTRIBUTE"]]);
    const { attributes } = must(
      (await world.ecs.describeContainerInstances({ containerInstances: await instances(world) }))
        .containerInstances?.[0],
      "the instance",
    );
    assert.ok(!attributes?.some(({ name }) => name === privilegedAttribute));
  });

  it("stops at once if it asks for something on the host, and its reason names the flag", async () => {
    const options = { driver: "local", driverOpts: { type: "none", o: "bind", device: "/etc" } };
    const shared = { scope: "shared" as const, autoprovision: true };
    const cases: readonly (readonly [Wanted, object, RegExp])[] = [
      [{ mountPoints }, { volumes: [{ name: "v", host: { sourcePath: "/etc" } }] }, /--allow-host-path \/etc$/],
      [
        { mountPoints },
        { volumes: [{ name: "v", host: { sourcePath: "/var/run/docker.sock" } }] },
        /--allow-host-path/,
      ],
      [{ mountPoints }, { volumes: [{ name: "v", host: { sourcePath: "/proc" } }] }, /--allow-host-path \/proc$/],
      [{}, { pidMode: "host" }, /--allow-host-pid$/],
      [{}, { ipcMode: "host" }, /--allow-host-ipc$/],
      [{ mountPoints }, { volumes: [{ name: "v", dockerVolumeConfiguration: options }] }, /--allow-volume-options$/],
      [
        { mountPoints: [{ sourceVolume: foreign, containerPath: "/v" }] },
        { volumes: [{ name: foreign, dockerVolumeConfiguration: shared }] },
        new RegExp(`--allow-volume ${foreign}$`),
      ],
      [{ linuxParameters: { capabilities: { add: ["SYS_ADMIN"] } } }, {}, /--allow-capability SYS_ADMIN$/],
      [{ linuxParameters: { devices: [{ hostPath: "/dev/zero" }] } }, {}, /--allow-device \/dev\/zero$/],
      [{ dockerSecurityOptions: ["seccomp=unconfined"] }, {}, /--allow-privileged$/],
      [
        { logConfiguration: { logDriver: "syslog", options: { "syslog-address": "unix:///var/run/docker.sock" } } },
        {},
        /--allow-host-path/,
      ],
    ];
    for (const [wanted, more, reason] of cases) {
      const said = await refusal(wanted, more);
      assert.match(said, /^CannotCreateContainerError: .* not allowed on this host; start the agent with /);
      assert.match(said, reason);
    }
  });

  it("has volumes of its own, and those that Berth shares among tasks", async () => {
    const name = `${world.host.tag}-ours`;
    const volumes = [
      { name: "v", host: {} },
      { name, dockerVolumeConfiguration: { scope: "shared" as const, autoprovision: true } },
    ];
    const mounted = [...mountPoints, { sourceVolume: name, containerPath: "/shared" }];
    const script = "echo x >> /shared/f; cat /shared/f; touch /v/y";
    try {
      await world.script(script, { mountPoints: mounted }, { volumes });
      const { text, task } = await world.script(script, { mountPoints: mounted }, { volumes });
      assert.deepEqual([text, task.containers?.[0]?.exitCode], ["x\nx\n", 0]);
    } finally {
      await world.host.docker.removeVolume(name).catch(() => {});
    }
  });
});

describe("berth agent with --allow flags", { skip }, () => {
  let world: TaskWorld;
  let folder: string;
  let agent: AgentProcess | null = null;

  before(async () => {
    world = await TaskWorld.open();
    await world.ecs.createCluster({ clusterName: world.host.tag });
    folder = await mkdtemp(join(tmpdir(), "berth-policy-"));
    await mkdir(join(folder, "data"));
    await writeFile(join(folder, "secret"), "secret");
    await symlink("../secret", join(folder, "data/link"));
  });
  after(async () => {
    await agent?.end("SIGTERM");
    await world.close();
    await rm(folder, { recursive: true, force: true });
  });

  it("says what it withholds, allows tasks what the flags allow, and follows no link out of it", async () => {
    const flags = ["--cluster", world.host.tag, "--region", "us-east-1", "--pull-behavior", "prefer-cached"];
    agent = startAgent({
      endpoint: world.server.url,
      dataDir: join(folder, "agent"),
      key: { accessKeyId: "any", secretAccessKey: "any" },
      flags: [...flags, "--allow-host-path", `${folder}/data/`, "--allow-host-pid"],
    });
    const { withheld } = await agent.next("withholding");
    const said = new Map(withheld.map(({ flag, attribute }) => [flag, attribute]));
    assert.equal(said.get("--allow-privileged"), privilegedAttribute);
    assert.equal(said.get("--allow-host-ipc"), null);
    assert.ok(!said.has("--allow-host-pid") && !said.has("--allow-host-path PATH"));
    await agent.next("connected");

    const cluster = world.host.tag;
    const volumes = (path: string) => [{ name: "v", host: { sourcePath: join(folder, path) } }];
    const script = "echo in > /v/made; cat /proc/1/comm";
    const { task } = await world.script(
      script,
      { mountPoints },
      { volumes: volumes("data/new"), pidMode: "host" },
      { cluster },
    );
    assert.equal(task.containers?.[0]?.exitCode, 0, sayings(task));
    assert.equal(await readFile(join(folder, "data/new/made"), "utf8"), "in\n");

    const arn = await world.run(
      [{ command: ["cat", "/v"], mountPoints }],
      { volumes: volumes("data/link") },
      { cluster },
    );
    const stopped = await world.until(arn, "STOPPED");
    assert.match(stopped.stoppedReason ?? "", /data\/link, which is .*\/secret, is not allowed on this host/);
    assert.equal((await world.containers(arn)).size, 0);
  });
});

test("berth dev says what tasks may not use in Docker, and takes the same flags", { skip }, async (t) => {
  const withheldBy = async (...flags: string[]): Promise<readonly string[]> => {
    const dev = await startBerth("dev", ["--runtime", "docker", "--in-memory", "--instances", "1", ...flags]);
    t.after(() => dev.end("SIGKILL"));
    const { docker } = dev.listening as unknown as { docker: { withheld: readonly { readonly flag: string }[] } };
    await dev.end("SIGTERM");
    return docker.withheld.map(({ flag }) => flag);
  };
  const all = await withheldBy();
  const some = await withheldBy("--allow-privileged", "--allow-host-path", "/srv");
  assert.ok(all.includes("--allow-privileged") && all.includes("--allow-host-path PATH"));
  assert.deepEqual(some, ["--allow-host-pid", "--allow-host-ipc", "--allow-volume NAME", "--allow-volume-options"]);
});

async function instances(world: TaskWorld): Promise<string[]> {
  return (await world.ecs.listContainerInstances({})).containerInstanceArns ?? [];
}
