/** The runtime against an engine that fails in ways that a healthy one cannot. Needs no real engine. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { DockerEngine } from "../../src/agent/docker/engine/docker-engine.ts";
import { DockerError, DockerTimeout, DockerUnreachable } from "../../src/agent/docker/engine/docker-error.ts";
import { ImageMap, parseImageRule } from "../../src/agent/docker/images/image-map.ts";
import type { PayloadContainer } from "../../src/agent-protocol/to-agent/payload-container.ts";
import { untilFound } from "../until.ts";
import { plainTask, RuntimeWorld } from "./runtime-world.ts";
import { type Answer, breakOff, hang, refuse, ScriptedEngine } from "./scripted-engine.ts";

const taskArn = "arn:aws:ecs:us-east-1:123456789012:task/c/0123456789abcdef0123456789abcdef";
const spec: PayloadContainer = { name: "app", image: "registry.test/app:1" };
const name = { taskArn, container: "app" };
const create = { ...name, type: "create", spec, bindings: [], task: plainTask } as const;
const start = { ...name, type: "start", runtimeId: "id1", spec } as const;
const pull = { ...name, type: "pull", image: spec.image, spec } as const;
const startedAt = "2026-01-01T00:00:01Z";
const runs = { Id: "id1", State: { Running: true, Status: "running", StartedAt: startedAt } };
const ended = (state: object) => ({
  Id: "id1",
  State: { Running: false, Status: "exited", StartedAt: startedAt, FinishedAt: "2026-01-01T00:00:09.5Z", ...state },
});
const progress =
  (...lines: object[]): Answer =>
  (_asked, response) =>
    response.end(lines.map((line) => JSON.stringify(line)).join("\r\n"));

describe("an engine that answers wrongly, late or not at all", () => {
  let engine: ScriptedEngine;
  let worlds: RuntimeWorld[];

  beforeEach(async () => {
    engine = await ScriptedEngine.open();
    worlds = [];
  });
  afterEach(async () => {
    for (const world of worlds) world.close();
    await engine.close();
  });
  const aWorld = (options: ConstructorParameters<typeof RuntimeWorld>[2] = {}): RuntimeWorld => {
    const world = new RuntimeWorld(engine.dockerHost, "c", options);
    worlds.push(world);
    return world;
  };

  it("distinguishes refusals, silence and absence", async () => {
    const docker = new DockerEngine(engine.dockerHost);
    engine.answers["GET /containers/*/json"] = [refuse(500, "boom"), hang, breakOff];
    await assert.rejects(docker.inspectContainer("x"), (error) => error instanceof DockerError && error.status === 500);
    await assert.rejects(docker.inspectContainer("x", { timeoutMs: 50 }), DockerTimeout);
    await assert.rejects(docker.inspectContainer("x"), DockerUnreachable);
    engine.answers["GET /containers/*/json"] = (_asked, response) => {
      response.writeHead(502).end("<html>bad gateway</html>");
    };
    await assert.rejects(docker.inspectContainer("x"), /<html>bad gateway/);
    const left = new AbortController();
    engine.answers["GET /containers/*/json"] = () => {
      left.abort(new Error("not wanted any more"));
    };
    await assert.rejects(docker.inspectContainer("x", { signal: left.signal }), /not wanted any more/);
    docker.close();
    await assert.rejects(docker.inspectContainer("x"), DockerUnreachable);
  });

  it("closes each connection after its answer: no call fails, and none is sent twice", async () => {
    const docker = new DockerEngine(engine.dockerHost);
    const thenClose: Answer = (_asked, response) => {
      response.end("{}", () => response.socket?.destroy());
    };
    Object.assign(engine.answers, { "POST /networks/create": thenClose, "GET /networks/*": thenClose });
    for (let round = 0; round < 20; round++) {
      await docker.createNetwork({});
      await docker.inspectNetwork("x");
    }
    assert.equal(engine.count("POST /networks/create"), 20);
    docker.close();
  });

  it("answers nothing: a call that waits for a connection has its time, too, and is never sent", async () => {
    const docker = new DockerEngine(engine.dockerHost);
    await docker.apiVersion();
    engine.answers["POST /networks/create"] = hang;
    const left = new AbortController();
    const limits = { signal: left.signal, timeoutMs: 2_000 };
    const others = Array.from({ length: 16 }, () =>
      docker.createNetwork({}, limits).catch(() => "a connection is free"),
    );
    await untilFound("sixteen calls under way", () => engine.count("POST /networks/create") === 16);
    await assert.rejects(Promise.race([docker.createNetwork({}, { timeoutMs: 20 }), ...others]), DockerTimeout);
    left.abort(new Error("not wanted any more"));
    await Promise.all(others);
    engine.answers["POST /networks/create"] = () => ({ Id: "n" });
    assert.deepEqual(await docker.createNetwork({}), { Id: "n" });
    assert.equal(engine.count("POST /networks/create"), 17);
    docker.close();
  });

  it("is refused when it is too old, and spoken to in the version that it has", async () => {
    const ping =
      (version: string): Answer =>
      (_asked, response) =>
        response.writeHead(200, { "api-version": version }).end();
    for (const [version, spoken] of [
      ["1.24", "1.24"],
      ["1.99", "1.47"],
    ]) {
      engine.answers["GET /_ping"] = ping(version ?? "");
      const docker = new DockerEngine(engine.dockerHost);
      assert.equal(await docker.apiVersion(), spoken);
      docker.close();
    }
    engine.answers["GET /_ping"] = ping("1.18");
    const docker = new DockerEngine(engine.dockerHost);
    await assert.rejects(docker.info(), /1\.18.*1\.24/);
    docker.close();
  });

  it("keeps any image reference one name in the path", async () => {
    const docker = new DockerEngine(engine.dockerHost);
    engine.answers["DELETE /containers/x"] = () => null;
    await assert.rejects(docker.inspectImage("a?force=1#b c/%2e%2e"), DockerError);
    assert.equal(engine.asked.at(-1)?.path, "/images/a?force=1#b c/%2e%2e/json");
    docker.close();
  });

  it("refuses to create a container", async () => {
    const world = aWorld();
    engine.answers["POST /containers/create"] = refuse(500, "mkdir /var/lib/docker: no space left on device");
    world.run(create);
    assert.equal(
      (await world.next("create-failed")).reason,
      "CannotCreateContainerError: Error response from daemon: mkdir /var/lib/docker: no space left on device",
    );
  });

  it("breaks off a creation that it had carried out: the container is found, not created again", async () => {
    const world = aWorld();
    engine.answers["POST /containers/create"] = [breakOff, refuse(409, "Conflict. The name is already in use")];
    engine.answers["GET /containers/*/json"] = () => ({
      ...runs,
      Config: { Labels: { "com.amazonaws.ecs.task-arn": taskArn } },
    });
    world.run(create);
    assert.equal((await world.next("created")).runtimeId, "id1");
    assert.equal(engine.count("POST /containers/create"), 2);
  });

  it("does not mistake another's container of the same name for its own", async () => {
    const world = aWorld();
    engine.answers["POST /containers/create"] = refuse(409, "Conflict. The name is already in use");
    engine.answers["GET /containers/*/json"] = () => ({ ...runs, Config: { Labels: {} } });
    world.run(create);
    assert.match((await world.next("create-failed")).reason, /^CannotCreateContainerError: .*Conflict/);
  });

  it("breaks off a start that it had carried out: the container is not started twice", async () => {
    const world = aWorld();
    engine.answers["POST /containers/create"] = () => ({ Id: "id1" });
    engine.answers["POST /containers/*/start"] = breakOff;
    engine.answers["GET /containers/*/json"] = () => ended({ ExitCode: 3 });
    world.run(create);
    await world.next("created");
    world.run(start);
    assert.equal((await world.next("started")).at, Date.parse(startedAt));
    assert.equal((await world.next("exited")).exitCode, 3);
    assert.equal(engine.count("POST /containers/*/start"), 1);
  });

  it("does not answer a start in time: the reason says so, and what starts late is killed", async () => {
    const world = aWorld({ timeouts: { startMs: 100 } });
    engine.answers["POST /containers/create"] = () => ({ Id: "id1" });
    engine.answers["POST /containers/*/start"] = hang;
    engine.answers["POST /containers/*/kill"] = () => null;
    world.run(create);
    await world.next("created");
    world.run(start);
    assert.equal(
      (await world.next("start-failed")).reason,
      "DockerTimeoutError: Could not transition to started; timed out after waiting 0.1s",
    );
    await untilFound("the kill", () => engine.count("POST /containers/*/kill") === 1);
  });

  it("loses the event stream just when a container ends: its end is reported all the same", async () => {
    const world = aWorld();
    engine.answers["GET /containers/*/json"] = () => runs;
    world.run({ ...name, type: "watch", runtimeId: "id1", spec, startedAt: 0 });
    await untilFound("the watch", () => engine.listeners === 1 && engine.count("GET /containers/*/json") > 0);
    engine.breakStreams();
    engine.answers["GET /containers/*/json"] = () => ended({ ExitCode: 137, OOMKilled: true });
    const exited = await world.next("exited");
    assert.equal(exited.reason, "OutOfMemoryError: Container killed due to memory usage");
    assert.equal(exited.at, Date.parse("2026-01-01T00:00:09.5Z"));
    assert.equal(world.checkChanges, 0, "the engine answers, so nothing has changed about it");
  });

  it("fails to answer about a container at first: it is asked again, and the text of its state is the reason", async () => {
    const world = aWorld();
    engine.answers["GET /containers/*/json"] = [breakOff, breakOff, () => ended({ ExitCode: 128, Error: "it broke" })];
    world.run({ ...name, type: "watch", runtimeId: "id1", spec, startedAt: 0 });
    const exited = await world.next("exited");
    assert.deepEqual([exited.exitCode, exited.reason], [128, "DockerStateError: it broke"]);
  });

  it("reports that a container is over before its memory: the reason still says so", async () => {
    const world = aWorld();
    engine.answers["GET /containers/*/json"] = [
      () => ended({ ExitCode: 137 }),
      () => ended({ ExitCode: 137, OOMKilled: true }),
    ];
    world.run({ ...name, type: "watch", runtimeId: "id1", spec, startedAt: 0 });
    const exited = await world.next("exited");
    assert.deepEqual([exited.exitCode, exited.reason], [137, "OutOfMemoryError: Container killed due to memory usage"]);
  });

  it("kills a container for another reason: its exit is reported without one", async () => {
    const world = aWorld();
    engine.answers["GET /containers/*/json"] = () => ended({ ExitCode: 137 });
    world.run({ ...name, type: "watch", runtimeId: "id1", spec, startedAt: 0 });
    const exited = await world.next("exited");
    assert.deepEqual([exited.exitCode, exited.reason], [137, null]);
  });

  it("removes a container before anybody looked: its exit event has the code", async () => {
    const world = aWorld();
    engine.answers["GET /containers/*/json"] = () => runs;
    world.run({ ...name, type: "watch", runtimeId: "id1", spec, startedAt: 0 });
    await untilFound("the watch", () => engine.listeners === 1 && engine.count("GET /containers/*/json") > 0);
    engine.answers["GET /containers/*/json"] = refuse(404, "No such container: id1");
    engine.sendEvent({
      Type: "container",
      Action: "die",
      Actor: { ID: "id1", Attributes: { exitCode: "4" } },
      timeNano: 5_000_000,
    });
    const exited = await world.next("exited");
    assert.deepEqual([exited.exitCode, exited.reason, exited.at], [4, null, 5]);
  });

  it("cannot stop a container at first: it is asked until the container has ended", async () => {
    const world = aWorld();
    engine.answers["GET /containers/*/json"] = () => runs;
    world.run({ ...name, type: "watch", runtimeId: "id1", spec, startedAt: 0 });
    await untilFound("the watch", () => engine.count("GET /containers/*/json") > 0);
    engine.answers["POST /containers/*/stop"] = [
      refuse(500, "cannot kill container"),
      () => {
        engine.answers["GET /containers/*/json"] = () => ended({ ExitCode: 143 });
        return null;
      },
    ];
    world.run({ ...name, type: "stop", runtimeId: "id1", timeoutMs: 2_000 });
    assert.equal((await world.next("exited")).exitCode, 143);
    assert.deepEqual(
      engine.asked.filter(({ path }) => path.endsWith("/stop")).map(({ query }) => query.get("t")),
      ["2", "2"],
    );
  });

  it("pulls one image once for all who want it, and the digest is the registry's", async () => {
    const world = aWorld({ pullBehaviour: "default" });
    engine.answers["GET /distribution/registry.test/app:1/json"] = () => ({ Descriptor: { digest: "sha256:11" } });
    let answer: () => void = () => {};
    engine.answers["POST /images/create"] = (_asked, response) => {
      answer = () => response.end(`${JSON.stringify({ status: "Pull complete" })}\r\n`);
    };
    world.run(pull);
    world.run({ ...pull, container: "other" });
    await untilFound("the pull", () => engine.count("POST /images/create") === 1);
    answer();
    assert.equal((await world.next("pulled", "app")).imageDigest, "sha256:11");
    assert.equal((await world.next("pulled", "other")).imageDigest, "sha256:11");
    assert.equal(engine.count("POST /images/create"), 1);
    assert.equal(engine.asked.find(({ path }) => path === "/images/create")?.query.get("tag"), "1");
  });

  it("fails in the middle of a pull, with status 200", async () => {
    const world = aWorld({ pullBehaviour: "always", pullAttempts: { manifest: 1, pull: 1 } });
    engine.answers["GET /distribution/registry.test/app:1/json"] = () => ({ Descriptor: { digest: "sha256:11" } });
    const failure = { errorDetail: { message: "write: no space left on device" }, error: "write" };
    engine.answers["POST /images/create"] = progress({ status: "Downloading" }, failure);
    world.run(pull);
    assert.equal(
      (await world.next("pull-failed")).reason,
      "CannotPullContainerError: Error response from daemon: write: no space left on device",
    );
  });

  it("tries a manifest again, and pulls by digest without one", async () => {
    const world = aWorld({ pullBehaviour: "default", pullAttempts: { manifest: 3, pull: 1 } });
    const found = () => ({ Descriptor: { digest: "sha256:22" } });
    engine.answers["GET /distribution/registry.test/app:1/json"] = [refuse(500, "a"), refuse(500, "b"), found];
    engine.answers["POST /images/create"] = progress({ status: "ok" });
    world.run(pull);
    assert.equal((await world.next("pulled")).imageDigest, "sha256:22");
    world.run({ ...pull, image: "registry.test/app@sha256:33" });
    assert.equal((await world.next("pulled")).imageDigest, "sha256:33");
    assert.equal(engine.count("GET /distribution/registry.test/*/json"), 3);
  });

  it("has the image: `prefer-cached` asks no registry, `once` only the first time", async () => {
    engine.answers["GET /images/registry.test/app:1/json"] = () => ({ Id: "sha256:00" });
    engine.answers["GET /distribution/registry.test/app:1/json"] = () => ({ Descriptor: { digest: "sha256:22" } });
    engine.answers["POST /images/create"] = progress({ status: "ok" });
    const cached = aWorld({ pullBehaviour: "prefer-cached" });
    cached.run(pull);
    assert.equal((await cached.next("pulled")).imageDigest, null);
    assert.equal(engine.count("POST /images/create"), 0);
    const once = aWorld({ pullBehaviour: "once" });
    once.run(pull);
    assert.equal((await once.next("pulled")).imageDigest, "sha256:22");
    once.run(pull);
    await once.next("pulled");
    assert.equal(engine.count("POST /images/create"), 1);
  });

  it("has no network: a missing image fails at the first attempt, with what to do", async () => {
    const world = aWorld({ pullBehaviour: "default" });
    const offline = 'Get "https://registry.test/v2/": dial tcp: lookup registry.test: no such host';
    engine.answers["GET /distribution/registry.test/app:1/json"] = refuse(500, offline);
    engine.answers["GET /images/registry.test/app:1/json"] = refuse(404, "No such image");
    world.run(pull);
    assert.equal(
      (await world.next("pull-failed")).reason,
      `CannotPullContainerError: Error response from daemon: ${offline}. The image is not on this host: build or load it, or put another in its place with --image-map 'registry.test/app:1=IMAGE'`,
    );
    assert.equal(engine.count("GET /distribution/registry.test/*/json"), 1);
    assert.equal(engine.count("POST /images/create"), 0);
  });

  it("runs another image in place of one that matches: the one on the host, without asking a registry", async () => {
    const images = new ImageMap([parseImageRule("registry.test/*=local/*:dev")]);
    const world = aWorld({ pullBehaviour: "always", images });
    engine.answers["GET /images/local/app:dev/json"] = () => ({ Id: "sha256:44" });
    world.run(pull);
    assert.equal((await world.next("pulled")).imageDigest, "sha256:44");
    engine.answers["POST /containers/create"] = () => ({ Id: "id2" });
    world.run({ ...name, type: "create", spec: { ...spec, image: pull.image }, bindings: [], task: plainTask });
    await world.next("created");
    const created = engine.asked.find(({ path }) => path === "/containers/create");
    assert.equal((JSON.parse(created?.body ?? "{}") as { Image?: string }).Image, "local/app:dev");
    assert.equal(engine.count("POST /images/create"), 0);
  });

  it("is impaired while it does not answer a ping", async () => {
    const world = aWorld();
    await untilFound("the event stream", () => engine.listeners === 1);
    const ping = engine.answers["GET /_ping"];
    engine.answers["GET /_ping"] = refuse(500, "not now");
    engine.breakStreams();
    await untilFound("the impairment to be told", () => world.checkChanges === 1);
    assert.equal(await world.runtime.check(), "IMPAIRED");
    if (ping !== undefined) engine.answers["GET /_ping"] = ping;
    await untilFound("the engine to be well", () => world.runtime.check().then((status) => status === "OK"));
  });
});
