/** Days on which the engine hangs, dies, comes back and runs out of space. With a private real engine. */
import assert from "node:assert/strict";
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import type { PayloadContainer } from "../../src/agent-protocol/to-agent/payload-container.ts";
import { untilFound } from "../until.ts";
import { DockerHost, whyNoDocker } from "./docker-host.ts";
import { PrivateEngine, whyNoPrivateEngine } from "./private-engine.ts";
import { plainTask, RuntimeWorld } from "./runtime-world.ts";

// If the host's engine cannot run, another one cannot either.
const skip = whyNoPrivateEngine() || (await whyNoDocker());

const hostConfig = JSON.stringify({ NetworkMode: "none" });
const taskArn = "arn:aws:ecs:us-east-1:123456789012:task/bad-days/0123456789abcdef0123456789abcdef";
const container = (host: DockerHost, name: string, script: string): PayloadContainer => ({
  name,
  image: host.image,
  command: ["/bin/sh", "-c", script],
  dockerConfig: { hostConfig },
});

describe("an engine that hangs, dies and comes back", { skip }, () => {
  let engine: PrivateEngine;
  let host: DockerHost;
  const worlds: RuntimeWorld[] = [];

  before(async () => {
    engine = await PrivateEngine.make(null);
    await engine.start();
    host = await DockerHost.open({ dockerHost: engine.dockerHost });
  });
  afterEach(() => {
    for (const world of worlds.splice(0)) world.close();
  });
  after(async () => {
    host?.docker.close();
    await engine?.close();
  });

  const aWorld = (options: ConstructorParameters<typeof RuntimeWorld>[2] = {}): RuntimeWorld => {
    const world = new RuntimeWorld(engine.dockerHost, host.tag, options);
    worlds.push(world);
    return world;
  };

  it("hangs: its calls fail with the time that was waited, and what it creates later is cleaned up", async () => {
    const world = aWorld({ timeouts: { createMs: 700, startMs: 900 } });
    const made = container(host, "made", "sleep 60");
    const runtimeId = await world.create(taskArn, made);
    engine.signal("SIGSTOP");
    try {
      // The signal is sent, and a thread of the engine may answer once more before it stops.
      await untilFound("the engine to hang", async () => (await world.runtime.check()) === "IMPAIRED");
      const late = container(host, "late", "sleep 60");
      world.run({ type: "create", taskArn, container: "late", spec: late, bindings: [], task: plainTask });
      world.run({ type: "start", taskArn, container: "made", runtimeId, spec: made });
      const createFailed = await world.next("create-failed", "late");
      assert.equal(
        createFailed.reason,
        "DockerTimeoutError: Could not transition to created; timed out after waiting 0.7s",
      );
      const startFailed = await world.next("start-failed", "made");
      assert.equal(
        startFailed.reason,
        "DockerTimeoutError: Could not transition to started; timed out after waiting 0.9s",
      );
    } finally {
      engine.signal("SIGCONT");
    }
    await untilFound("the engine to be well", async () => (await world.runtime.check()) === "OK");
    const ofTask = { label: [`com.amazonaws.ecs.task-arn=${taskArn}`] };
    // The abandoned call may be carried out or not.
    await untilFound("no container that the agent has given up on to run", async () => {
      const all = await host.docker.listContainers(ofTask);
      return all.every(({ State }) => State !== "running");
    });
    world.run({ type: "remove", taskArn, container: "made", runtimeId });
    world.run({ type: "clean", taskArn, task: plainTask });
    await untilFound(
      "everything of the task to go",
      async () => (await host.docker.listContainers(ofTask)).length === 0,
    );
  });

  for (const signal of ["SIGKILL", "SIGTERM"] as const) {
    it(`ends with ${signal}: no container is lost, no order forgotten`, async () => {
      const world = aWorld();
      const arn = `${taskArn}${signal}`;
      const runs = container(host, "runs", "trap 'exit 4' TERM; while :; do sleep 0.1; done");
      const runsId = await world.launch(arn, runs);
      const waiting = container(host, "waiting", "exit 6");
      const waitingId = await world.create(arn, waiting);
      await engine.end(signal);
      await untilFound("the loss of the engine to be noticed", () => world.checkChanges > 0);
      assert.equal(await world.runtime.check(), "IMPAIRED");

      const asked = container(host, "asked", "exit 8");
      world.run({ type: "create", taskArn: arn, container: "asked", spec: asked, bindings: [], task: plainTask });
      world.run({ type: "start", taskArn: arn, container: "waiting", runtimeId: waitingId, spec: waiting });
      const changes = world.checkChanges;
      await engine.start();
      await untilFound("the return of the engine to be noticed", () => world.checkChanges > changes);
      assert.equal(await world.runtime.check(), "OK");
      const told = (type: string, name: string) =>
        world.events.find((event) => event.type === type && "container" in event && event.container === name);
      await untilFound(
        "what was asked",
        () => told("created", "asked") && told("exited", "waiting") && told("exited", "runs"),
      );
      const exited = told("exited", "waiting");
      assert.equal(exited?.type === "exited" ? exited.exitCode : null, 6);
      const ended = told("exited", "runs");
      // Without live restore the engine ends its containers, or finds that they have ended.
      const exitCode = ended?.type === "exited" ? ended.exitCode : null;
      assert.ok(exitCode !== null && exitCode > 0, `exit code ${exitCode}`);
      const { State } = await host.docker.inspectContainer(runsId);
      assert.equal(State?.Running, false);
      for (const type of ["create-failed", "start-failed"]) {
        assert.equal(
          world.events.some((event) => event.type === type),
          false,
          type,
        );
      }
    });
  }
});

describe("an engine without room", { skip }, () => {
  let engine: PrivateEngine;
  let host: DockerHost;
  let world: RuntimeWorld;

  before(async () => {
    engine = await PrivateEngine.make(32);
    await engine.start();
    host = await DockerHost.open({ dockerHost: engine.dockerHost });
    world = new RuntimeWorld(engine.dockerHost, host.tag);
  });
  after(async () => {
    world?.close();
    host?.docker.close();
    await engine?.close();
  });

  it("cannot create a container, and says that there is no space", async () => {
    const filler = join(engine.dataFolder, "filler");
    const file = await open(filler, "w");
    const noSpace = (async () => {
      for (const size of [1_048_576, 4_096, 1]) {
        const block = Buffer.alloc(size);
        for (;;) await file.write(block);
      }
    })();
    await assert.rejects(noSpace, /ENOSPC/);
    await file.close();
    const spec = container(host, "app", "exit 0");
    world.run({ type: "create", taskArn, container: "app", spec, bindings: [], task: plainTask });
    const failed = await world.next("create-failed");
    assert.match(failed.reason, /^CannotCreateContainerError: Error response from daemon: .*no space left on device/);

    await rm(filler);
    const runtimeId = await world.create(`${taskArn}2`, spec);
    world.run({ type: "start", taskArn: `${taskArn}2`, container: "app", runtimeId, spec });
    assert.equal((await world.next("exited")).exitCode, 0);
  });
});
