/** `berth agent` as its user sees it, without Docker: its output, how it ends, and what becomes of its container instance. */
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { Agent as HttpsAgent } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { ECS } from "@aws-sdk/client-ecs";
import { takenOverReason } from "../../src/agent-protocol/connection.ts";
import { must } from "../../src/lib/assert.ts";
import { type AgentProcess, type AgentProcessOptions, startAgent } from "../agent-process.ts";
import { runBerth } from "../berth-process.ts";
import { logged } from "../logged-events.ts";
import { until } from "../until.ts";
import { AgentWorld, region } from "./agent-world.ts";
import { define, describeInstance, runOne, startWorld, untilTask } from "./world.ts";

const latestAgentVersion = "1.99.0";
const folder = mkdtempSync(join(tmpdir(), "berth-agent-"));
const tlsFile = (name: string): string => fileURLToPath(new URL(`../fixtures/tls/${name}`, import.meta.url));
let world: AgentWorld;
before(async () => {
  world = await AgentWorld.start({ latestAgentVersion });
});
after(async () => {
  await world.end();
  rmSync(folder, { recursive: true, force: true });
});

let started = 0;

/** An agent without Docker, with its own data directory unless one is given. */
function start(context: TestContext, options: Partial<AgentProcessOptions> = {}): AgentProcess {
  const agent = startAgent({
    endpoint: world.server.url,
    key: world.key,
    dataDir: join(folder, String(started++)),
    ...options,
    flags: ["--runtime", "simulated", "--region", region, ...(options.flags ?? [])],
  });
  context.after(() => agent.end("SIGKILL"));
  return agent;
}

/** Waits until an agent has ended. Returns its exit code and its stated reason. */
async function ending(agent: AgentProcess): Promise<{ readonly code: number | null; readonly problem: string | null }> {
  const { problem } = await agent.next("ended");
  return { code: await agent.end(), problem };
}

/** Waits until the instance is connected, or is not. */
function untilConnected(ecs: ECS, cluster: string, arn: string, connected = true) {
  const look = () => describeInstance(ecs, cluster, arn);
  return until(`connected: ${connected}`, look, ({ agentConnected }) => agentConnected === connected);
}

describe("an agent with a key of the control plane", () => {
  test("is a container instance with the given settings, runs tasks, and is the same one after a restart", async (context) => {
    const { ecs } = world;
    const cluster = "life";
    await ecs.createCluster({ clusterName: cluster });
    const dataDir = join(folder, "life");
    const flags = ["--cluster", cluster];
    const more = ["--attributes", "rack=r7,disk=ssd", "--tags", "team=web", "--availability-zone", "us-east-1c"];
    const agent = start(context, { dataDir, flags: [...flags, ...more, "--reserved-memory", "100"] });
    const { containerInstanceArn: arn } = await agent.next("registered");
    await agent.next("connected");
    await untilConnected(ecs, cluster, arn);
    const instance = await until(
      "health",
      () => describeInstance(ecs, cluster, arn),
      ({ healthStatus }) => healthStatus?.overallStatus === "OK",
    );
    assert.equal(instance.status, "ACTIVE");
    assert.deepEqual(instance.tags, [{ key: "team", value: "web" }]);
    assert.equal(instance.versionInfo?.agentVersion, "1.97.0");
    assert.match(instance.ec2InstanceId ?? "", /^i-[0-9a-f]{17}$/);
    const attributes = new Map(instance.attributes?.map(({ name, value }) => [name, value]));
    const expected = { rack: "r7", disk: "ssd", "berth.runtime": "simulated", "ecs.availability-zone": "us-east-1c" };
    for (const [name, value] of Object.entries(expected)) assert.equal(attributes.get(name), value);

    const second = start(context, { dataDir, flags });
    assert.equal(await second.end(), 1);
    assert.match(second.err(), /^berth: \S+life belongs to the agent with process id \d+\. Stop that one, .*\n$/);

    const failing = await runOne(ecs, cluster, await define(ecs, "failing", { image: "berth/exit:3" }));
    assert.equal((await untilTask(ecs, cluster, failing, "STOPPED")).containers?.[0]?.exitCode, 3);
    assert.equal((await agent.next("task")).status, "RUNNING");
    const { taskArn, status, containers } = await agent.next("task");
    assert.deepEqual([taskArn, status, containers[0]?.exitCode], [failing, "STOPPED", 3]);

    await ecs.updateContainerAgent({ cluster, containerInstance: arn });
    const updated = await until(
      "the end of the update",
      () => describeInstance(ecs, cluster, arn),
      ({ agentUpdateStatus }) => agentUpdateStatus === "FAILED",
    );
    assert.equal(updated.agentConnected, true);

    assert.equal(await agent.end("SIGTERM"), 0);
    assert.deepEqual(agent.news.at(-1), { event: "ended", why: "stopped", problem: null });
    assert.equal(agent.err(), "");
    await untilConnected(ecs, cluster, arn, false);

    const other = start(context, { dataDir, flags: ["--cluster", "elsewhere"] });
    assert.equal(await other.end(), 5);
    assert.match(
      other.err(),
      /^berth: \S+life belongs to an agent in the cluster life, not elsewhere\. Pass --cluster life/,
    );

    const again = start(context, { dataDir, flags });
    assert.equal((await again.next("registered")).containerInstanceArn, arn);
    await untilConnected(ecs, cluster, arn);
    assert.equal(await again.end("SIGINT"), 0);
  });

  test("joins the cluster `default`, which it creates, as an EXTERNAL instance if it is one", async (context) => {
    const { ecs } = world;
    const agent = start(context, { flags: ["--external"] });
    const { containerInstanceArn: arn } = await agent.next("registered");
    await untilConnected(ecs, "default", arn);
    const { attributes = [], ec2InstanceId } = await describeInstance(ecs, "default", arn);
    const names = attributes.map(({ name }) => name);
    assert.ok(names.includes("ecs.capability.external"));
    assert.ok(!names.some((name) => name?.startsWith("ecs.capability.task-eni")));
    assert.match(ec2InstanceId ?? "", /^mi-/);
    const family = await define(ecs, "outside", { image: "berth/exit:0" });
    const { tasks = [] } = await ecs.runTask({ taskDefinition: family, launchType: "EXTERNAL" });
    const task = must(tasks[0]?.taskArn, "the task");
    assert.equal((await untilTask(ecs, "default", task, "STOPPED")).containers?.[0]?.exitCode, 0);

    const deregistered = ending(agent);
    await ecs.deregisterContainerInstance({ containerInstance: arn, force: true });
    const { code, problem } = await deregistered;
    assert.equal(code, 5);
    assert.match(problem ?? "", /^its container instance was deregistered; .*move \S+ away and restart the agent\.$/);
  });

  test("stays away if its instance was deregistered meanwhile", async (context) => {
    const dataDir = join(folder, "forgotten");
    const agent = start(context, { dataDir });
    const { containerInstanceArn } = await agent.next("registered");
    await agent.next("connected");
    assert.equal(await agent.end("SIGKILL"), null);
    await world.ecs.deregisterContainerInstance({ containerInstance: containerInstanceArn, force: true });
    const { code, problem } = await ending(start(context, { dataDir }));
    assert.equal(code, 5);
    assert.match(problem ?? "", /deregistered while the agent was away\. .*move \S+forgotten away/);
  });
});

describe("a data directory", () => {
  test("on a full disk keeps running and complains", async (context) => {
    const dataDir = join(folder, "full");
    await world.ecs.createCluster({ clusterName: "full" });
    mkdirSync(dataDir);
    // Every write to it fails because no space is left.
    symlinkSync("/dev/full", join(dataDir, "agent.json.new"));
    const agent = start(context, { dataDir, flags: ["--cluster", "arn:aws:ecs:us-east-1:123456789012:cluster/full"] });
    const { containerInstanceArn } = await agent.next("registered");
    await untilConnected(world.ecs, "full", containerInstanceArn);
    const task = await runOne(world.ecs, "full", await define(world.ecs, "unsaved", { image: "berth/exit:0" }));
    await untilTask(world.ecs, "full", task, "STOPPED");
    assert.equal(await agent.end("SIGTERM"), 0);
    assert.match(JSON.stringify(logged(agent.err(), "agent-state-unsaved")), /ENOSPC/);
  });

  test("that was copied makes two agents one instance, and the older one learns of it", async (context) => {
    const [dataDir, copy] = [join(folder, "original"), join(folder, "copy")];
    const agent = start(context, { dataDir });
    const { containerInstanceArn } = await agent.next("registered");
    await agent.next("connected");
    await untilConnected(world.ecs, "default", containerInstanceArn);
    mkdirSync(copy);
    copyFileSync(join(dataDir, "agent.json"), join(copy, "agent.json"));
    const twin = start(context, { dataDir: copy });
    assert.equal((await twin.next("registered")).containerInstanceArn, containerInstanceArn);
    assert.equal((await agent.next("disconnected")).reason, takenOverReason);
    assert.deepEqual(await Promise.all([agent.end("SIGTERM"), twin.end("SIGTERM")]), [0, 0]);
  });
});

describe("a registration that is refused", () => {
  test("for its key: exit code 1, and the secret is not shown", async (context) => {
    const secretAccessKey = "wrongwrongwrongwrongwrongwrongwrongwrong";
    const wrong = start(context, { key: { ...world.key, secretAccessKey }, flags: ["--log-level", "debug"] });
    const unknown = start(context, { key: { accessKeyId: "AKIAUNKNOWN", secretAccessKey } });
    const [first, second] = await Promise.all([ending(wrong), ending(unknown)]);
    assert.deepEqual([first.code, second.code], [1, 1]);
    assert.match(first.problem ?? "", new RegExp(`refuses the access key ${world.key.accessKeyId}: `));
    assert.match(second.problem ?? "", /refuses the access key AKIAUNKNOWN: /);
    for (const { out, err } of [wrong, unknown]) assert.ok(!`${out()}${err()}`.includes("wrongwrong"));
    assert.equal(unknown.err(), "");
    assert.ok(!unknown.news.some(({ event }) => event === "waiting"));
  });

  test("for a missing cluster: 1, for what it says about itself: 5", async (context) => {
    const [missing, malformed] = await Promise.all([
      ending(start(context, { flags: ["--cluster", "nowhere"] })),
      ending(start(context, { flags: ["--attributes", "a rack=r1"] })),
    ]);
    assert.equal(missing.code, 1);
    assert.match(missing.problem ?? "", /^there is no cluster nowhere at http:.* --cluster-name nowhere$/);
    assert.equal(malformed.code, 5);
    assert.match(malformed.problem ?? "", /'a rack'.*\(InvalidParameterException\)/);
  });
});

describe("the control plane", () => {
  test("is waited for if it does not answer yet", async (context) => {
    const later = await AgentWorld.start();
    context.after(() => later.end());
    const { url: endpoint, port } = later.server;
    await later.stopServer();
    const agent = start(context, { endpoint, key: later.key });
    const { operation, problem } = await agent.next("waiting");
    assert.equal(operation, "RegisterContainerInstance");
    assert.match(problem, /does not answer \(connect ECONNREFUSED/);
    await later.startServer({ port });
    const { containerInstanceArn } = await agent.next("registered");
    await untilConnected(later.ecs, "default", containerInstanceArn);
    assert.equal(await agent.end("SIGTERM"), 0);
  });

  test("may be behind TLS, with --tls-ca for a certificate that the system does not know", async (context) => {
    const tls = { cert: tlsFile("localhost.pem"), key: tlsFile("localhost.key") };
    const safe = await AgentWorld.start({ tls });
    context.after(() => safe.end());
    const distrustful = start(context, { endpoint: safe.server.url, key: safe.key });
    const agent = start(context, { endpoint: safe.server.url, key: safe.key, flags: ["--tls-ca", tls.cert] });
    const { containerInstanceArn } = await agent.next("registered");
    await agent.next("connected");
    const ecs = new ECS({
      endpoint: safe.server.url,
      region,
      credentials: safe.key,
      requestHandler: { httpsAgent: new HttpsAgent({ ca: readFileSync(tls.cert) }) },
    });
    context.after(() => ecs.destroy());
    await untilConnected(ecs, "default", containerInstanceArn);
    assert.match((await distrustful.next("waiting")).problem, /certificate.*--tls-ca FILE/);
    assert.deepEqual(await Promise.all([agent.end("SIGTERM"), distrustful.end("SIGTERM")]), [0, 0]);
  });

  test("may be a `berth dev`, which accepts any key; the environment says where it is", async (context) => {
    const dev = await startWorld();
    context.after(() => dev.close());
    const argv = ["--runtime", "simulated", "--availability-zone", "eu-west-1b"];
    const agent = startAgent({
      endpoint: dev.server.url,
      key: { accessKeyId: "any", secretAccessKey: "any" },
      dataDir: join(folder, "dev"),
      flags: argv,
      environment: { AWS_REGION: "eu-west-1" },
    });
    context.after(() => agent.end("SIGKILL"));
    const { containerInstanceArn } = await agent.next("registered");
    await untilConnected(dev.ecs, "default", containerInstanceArn);
    assert.equal(await agent.end("SIGTERM"), 0);
  });
});

test("gets no call if the command line is wrong or incomplete: the error says what is missing, and --help what there is", async () => {
  const key = { ...process.env, AWS_ACCESS_KEY_ID: "any", AWS_SECRET_ACCESS_KEY: "any" };
  const at = ["--endpoint", "http://127.0.0.1:1"];
  const damaged = join(folder, "damaged");
  const help = runBerth(["agent", "--help"]);
  assert.deepEqual([help.code, help.err], [0, ""]);
  assert.match(help.out, /--endpoint URL[\s\S]*--data-dir DIR[\s\S]*Examples:/);
  const cases: readonly (readonly [flags: readonly string[], code: number, says: RegExp])[] = [
    [["--region", region], 2, /^berth: --endpoint URL is needed/],
    [at, 2, /^berth: --region REGION is needed/],
    [
      [...at, "--region", region, "--data-dir", "/dev/null/x"],
      1,
      /^berth: \/dev\/null\/x cannot be used \(.*\): pass --data-dir DIR\.\n$/,
    ],
    [[...at, "--region", region, "--runtime", "dokcer"], 2, /^berth: --runtime must be one of docker, simulated/],
    [
      [...at, "--region", region, "--docker-host", "unix:///nowhere.sock", "--data-dir", join(folder, "no-docker")],
      1,
      /^berth: Docker does not answer on unix:\/\/\/nowhere\.sock \(connect ENOENT .*\): start it, or pass --runtime simulated\.\n$/,
    ],
    [
      [...at, "--region", region, "--runtime", "simulated", "--reserved-memory", "33554432", "--data-dir", damaged],
      2,
      /^berth: --reserved-memory 33554432 leaves none of the \d+ MiB/,
    ],
  ];
  for (const [flags, code, says] of cases) {
    const run = runBerth(["agent", ...flags], key);
    assert.match(run.err, says);
    assert.deepEqual([run.code, run.out], [code, ""]);
  }
  writeFileSync(join(damaged, "agent.json"), "{");
  const run = runBerth(["agent", ...at, "--region", region, "--runtime", "simulated", "--data-dir", damaged], key);
  assert.match(run.err, /^berth: The agent's state \S+ is damaged\. Move it away/);
  assert.equal(run.code, 1);
});
