/** `berth dev` with real containers, as a process that is killed and restarted, and without an engine that answers. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { ECS } from "@aws-sdk/client-ecs";
import { must } from "../../src/lib/assert.ts";
import { type BerthProcess, type Listening, runBerth, startBerth } from "../berth-process.ts";
import { logged } from "../logged-events.ts";
import { untilFound } from "../until.ts";
import { DockerHost, whyNoDocker } from "./docker-host.ts";
import { ecsAt, lasting } from "./task-world.ts";

const skip = await whyNoDocker();

type WithDocker = Listening & {
  readonly docker: { readonly address: string; readonly instance: string } | null;
  readonly fargate: string;
};
const listening = (berth: BerthProcess): WithDocker => berth.listening as WithDocker;

describe("berth dev on a real engine", { skip, concurrency: true }, () => {
  it("continues after a kill: its instance is the same, running containers are its own, and one that ended is reported", async () => {
    const host = await DockerHost.open();
    const dataDir = mkdtempSync(join(tmpdir(), "berth-dev-docker-"));
    const flags = ["--runtime", "docker", "--instances", "1", "--data-dir", dataDir];
    let berth = await startBerth("dev", flags);
    const { docker, fargate } = listening(berth);
    assert.equal(fargate, "docker");
    let ecs: ECS = ecsAt(berth.listening.url);
    const statusOf = async (task: string) => must((await ecs.describeTasks({ tasks: [task] })).tasks?.[0], "the task");
    const untilStatus = (task: string, status: string) =>
      untilFound(
        `${task} ${status}`,
        async () => {
          const found = await statusOf(task);
          return found.lastStatus === status && found;
        },
        60_000,
      );
    try {
      const container = { name: "main", image: host.image, memory: 32, command: lasting };
      await ecs.registerTaskDefinition({ family: host.tag, containerDefinitions: [container] });
      const { tasks = [] } = await ecs.runTask({ taskDefinition: host.tag, count: 3 });
      const [lives = "", dies = "", vanishes = ""] = tasks.map(({ taskArn }) => taskArn ?? "");
      const running = await Promise.all([lives, dies, vanishes].map((task) => untilStatus(task, "RUNNING")));
      const [livesId, diesId, vanishesId] = running.map(({ containers }) => containers?.[0]?.runtimeId ?? "");

      await berth.end("SIGKILL");
      ecs.destroy();
      await host.docker.killContainer(diesId ?? "");
      await host.docker.removeContainer(vanishesId ?? "");
      berth = await startBerth("dev", flags);
      ecs = ecsAt(berth.listening.url);

      assert.deepEqual(listening(berth).docker, docker, "the same instance");
      const died = await untilStatus(dies, "STOPPED");
      assert.deepEqual([died.stopCode, died.containers?.[0]?.exitCode], ["EssentialContainerExited", 137]);
      const vanished = await untilStatus(vanishes, "STOPPED");
      assert.match(vanished.containers?.[0]?.reason ?? "", /^ContainerVanishedError: /);
      const goesOn = await statusOf(lives);
      assert.deepEqual([goesOn.lastStatus, goesOn.containers?.[0]?.runtimeId], ["RUNNING", livesId]);
      const { containerInstances } = await ecs.describeContainerInstances({
        containerInstances: [docker?.instance ?? ""],
      });
      assert.deepEqual(
        [containerInstances?.[0]?.agentConnected, containerInstances?.[0]?.runningTasksCount],
        [true, 1],
      );
      await ecs.stopTask({ task: lives });
      assert.equal((await untilStatus(lives, "STOPPED")).containers?.[0]?.exitCode, 0);
    } finally {
      ecs.destroy();
      await berth.end("SIGTERM");
      await host.close();
      rmSync(dataDir, { recursive: true, force: true });
    }
  });

  it("with --in-memory, the next start removes what a kill leaves behind", async () => {
    const host = await DockerHost.open();
    const flags = ["--runtime", "docker", "--instances", "1", "--in-memory"];
    const first = await startBerth("dev", flags);
    const ecs = ecsAt(first.listening.url);
    try {
      const container = { name: "main", image: host.image, memory: 32, command: lasting };
      await ecs.registerTaskDefinition({ family: host.tag, containerDefinitions: [container] });
      const { tasks } = await ecs.runTask({ taskDefinition: host.tag });
      const task = must(tasks?.[0]?.taskArn, "the task");
      const label = [`com.amazonaws.ecs.task-arn=${task}`];
      await untilFound("it runs", async () =>
        (await host.docker.listContainers({ label })).some(({ State }) => State === "running"),
      );
      await first.end("SIGKILL");
      const second = await startBerth("dev", flags);
      await untilFound("its container is gone", async () => (await host.docker.listContainers({ label })).length === 0);
      await second.end("SIGTERM");
    } finally {
      ecs.destroy();
      await first.end("SIGKILL");
      await host.close();
    }
  });
});

describe("berth dev without an engine", () => {
  const { DOCKER_HOST } = process.env;
  before(() => {
    process.env.DOCKER_HOST = "unix:///nowhere/docker.sock";
  });
  after(() => {
    if (DOCKER_HOST === undefined) delete process.env.DOCKER_HOST;
    else process.env.DOCKER_HOST = DOCKER_HOST;
  });

  it("says plainly if it needs one", () => {
    const { code, out, err } = runBerth(["dev", "--port", "0", "--in-memory", "--runtime", "docker"]);
    assert.deepEqual([code, out], [1, ""]);
    assert.match(
      err,
      /^berth: Docker does not answer on unix:\/\/\/nowhere\/docker\.sock \(.*\): start it, or pass --runtime simulated\.\n$/,
    );
  });

  it("otherwise simulates its instances and Fargate, and says so in one line", async () => {
    const berth = await startBerth("dev", ["--runtime", "auto", "--instances", "2", "--in-memory"]);
    const { docker, fargate, instances } = listening(berth);
    assert.equal(await berth.end("SIGTERM"), 0);
    assert.deepEqual([docker, fargate, instances.length], [null, "simulated", 2]);
    assert.equal(berth.complaints().trim().split("\n").length, 1);
    assert.equal(logged(berth.complaints(), "docker-unused").length, 1);
  });
});
