/** `berth hosts` and a server that checks signatures: hosts in another process, over sockets, through restarts of either side. */

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, describe, type TestContext, test } from "node:test";
import { berthMain, startBerth } from "../berth-process.ts";
import { until } from "../until.ts";
import { AgentWorld, account, region } from "./agent-world.ts";

type Connected = { readonly connected: number; readonly cluster: string; readonly instances: readonly string[] };

type Hosts = {
  readonly child: ChildProcess;
  /** Its output once all were connected. Rejects with its complaints if it ended before. */
  readonly connected: Promise<Connected>;
  readonly complaints: () => string;
  /** Ends it as Ctrl+C does, and returns the exit code. */
  end(): Promise<number | null>;
};

let world: AgentWorld;
before(async () => {
  world = await AgentWorld.start();
});
after(() => world.end());

function startHosts(context: TestContext, flags: readonly string[], environment: object = {}): Hosts {
  return startHostsOf(world, context, flags, environment);
}

function startHostsOf(world: AgentWorld, context: TestContext, flags: readonly string[], environment: object): Hosts {
  const argv = [berthMain, "hosts", "--endpoint", world.server.url, "--json", ...flags];
  const credentials = {
    AWS_ACCESS_KEY_ID: world.key.accessKeyId,
    AWS_SECRET_ACCESS_KEY: world.key.secretAccessKey,
    AWS_REGION: region,
  };
  const { PATH, BERTH_TEST_FILE } = process.env;
  // With the latter the test run finds what a failed test left behind.
  const env = { PATH, ...(BERTH_TEST_FILE && { BERTH_TEST_FILE }), ...credentials, ...environment };
  const child = spawn(process.execPath, argv, { env, stdio: ["ignore", "pipe", "pipe"] });
  context.after(() => child.kill("SIGKILL"));
  let [output, complaints] = ["", ""];
  child.stderr.on("data", (chunk) => {
    complaints += chunk;
  });
  const exit = once(child, "close");
  const connected = new Promise<Connected>((resolve, reject) => {
    void exit.then(() => reject(new Error(`berth hosts ended: ${complaints}`)));
    child.stdout.on("data", (chunk) => {
      output += chunk;
      if (output.includes("\n")) resolve(JSON.parse(output.slice(0, output.indexOf("\n"))) as Connected);
    });
  });
  connected.catch(() => {});
  const end = async (): Promise<number | null> => {
    child.kill("SIGINT");
    await exit;
    return child.exitCode;
  };
  return { child, connected, complaints: () => complaints, end };
}

/** Runs it to its end, and returns exit code and complaints. */
async function runHosts(context: TestContext, flags: readonly string[], environment: object = {}) {
  const hosts = startHosts(context, flags, environment);
  await once(hosts.child, "close");
  return { code: hosts.child.exitCode, err: hosts.complaints() };
}

const running = async (cluster: string): Promise<readonly string[]> => {
  const { taskArns = [] } = await world.ecs.listTasks({ cluster, desiredStatus: "RUNNING" });
  if (taskArns.length === 0) return [];
  const { tasks = [] } = await world.ecs.describeTasks({ cluster, tasks: taskArns });
  return tasks.flatMap(({ lastStatus, taskArn }) => (lastStatus === "RUNNING" ? (taskArn ?? []) : [])).sort();
};

const connectedInstances = async (cluster: string): Promise<readonly string[]> => {
  const { containerInstanceArns = [] } = await world.ecs.listContainerInstances({ cluster });
  if (containerInstanceArns.length === 0) return [];
  const { containerInstances = [] } = await world.ecs.describeContainerInstances({
    cluster,
    containerInstances: containerInstanceArns,
  });
  return containerInstances
    .flatMap(({ agentConnected, containerInstanceArn }) => (agentConnected ? (containerInstanceArn ?? []) : []))
    .sort();
};

const callsOf = async (operation: string): Promise<string> => {
  const text = await metrics();
  return text
    .split("\n")
    .filter((line) => line.includes(`operation="${operation}"`))
    .join("\n");
};

describe("a fleet", () => {
  const cluster = "fleet";
  before(async () => {
    await world.ecs.createCluster({ clusterName: cluster });
    await world.ecs.registerTaskDefinition({
      family: "fleet",
      containerDefinitions: [{ name: "main", image: "web", memory: 4_000, essential: true }],
    });
  });

  test("takes tasks, is back after a restart of the server, and keeps its instances over a restart of its own", async (context) => {
    const size = ["--count", "20", "--cluster", cluster, "--cpu", "1024", "--memory", "6000"];
    const flags = [...size, "--attributes", "rack=r1,berth.capacity-provider=racks"];
    const kept = [...flags, "--data-dir", join(world.dataDir, "hosts")];
    const hosts = startHosts(context, kept);
    const { connected, instances } = await hosts.connected;
    assert.deepEqual([connected, new Set(instances).size], [20, 20]);
    assert.deepEqual(await connectedInstances(cluster), instances.toSorted());
    const { containerInstances = [] } = await world.ecs.describeContainerInstances({
      cluster,
      containerInstances: [...instances],
    });
    const providers = containerInstances.map(({ capacityProviderName }) => capacityProviderName);
    assert.deepEqual(providers, Array(20).fill("racks"));
    const sizes = containerInstances.map(({ registeredResources = [] }) =>
      registeredResources.slice(0, 2).map(({ integerValue }) => integerValue),
    );
    assert.deepEqual(
      sizes,
      instances.map(() => [1_024, 6_000]),
    );
    assert.equal(new Set(containerInstances.map(({ ec2InstanceId }) => ec2InstanceId)).size, 20);

    // Two do not fit on one host, so each host has one.
    const { tasks = [] } = await world.ecs.runTask({ cluster, taskDefinition: "fleet", count: 10 });
    const more = await world.ecs.runTask({ cluster, taskDefinition: "fleet", count: 10 });
    assert.equal(tasks.length + (more.tasks?.length ?? 0), 20);
    const started = await until(
      "its tasks run",
      () => running(cluster),
      (arns) => arns.length === 20,
    );
    const [stopped = "", ...others] = started;
    await world.ecs.stopTask({ cluster, task: stopped });
    await until(
      "the task is stopped",
      async () => (await world.ecs.describeTasks({ cluster, tasks: [stopped] })).tasks?.[0]?.lastStatus,
      (status) => status === "STOPPED",
    );

    const { port } = world.server;
    await world.stopServer();
    await world.startServer({ port });
    const open = async (): Promise<string> =>
      /berth_agent_connections\{channel="acs"\} (\d+)/.exec(await metrics())?.[1] ?? "";
    await until("twenty sockets are open", open, (count) => count === "20");
    assert.equal(await callsOf("RegisterContainerInstance"), "");
    assert.deepEqual(await running(cluster), others);

    assert.equal(await hosts.end(), 0, hosts.complaints());
    await until(
      "no host is connected",
      () => connectedInstances(cluster),
      (arns) => arns.length === 0,
    );
    const again = startHosts(context, kept);
    assert.deepEqual((await again.connected).instances.toSorted(), instances.toSorted());
    assert.deepEqual(await running(cluster), others);
    await world.ecs.stopTask({ cluster, task: others[0] ?? "" });
    await until(
      "its tasks run",
      () => running(cluster),
      (arns) => arns.length === 18,
    );
    assert.equal(await again.end(), 0, again.complaints());
  });

  test("is deregistered at its end if requested, and ends if somebody else deregisters it", async (context) => {
    await world.ecs.createCluster({ clusterName: "passing" });
    const flags = ["--count", "3", "--cluster", "passing"];
    const hosts = startHosts(context, [...flags, "--deregister"]);
    await hosts.connected;
    assert.equal(await hosts.end(), 0, hosts.complaints());
    assert.match(hosts.complaints(), /3 container instances were deregistered/);
    assert.deepEqual((await world.ecs.listContainerInstances({ cluster: "passing" })).containerInstanceArns, []);

    const others = startHosts(context, flags);
    const { instances } = await others.connected;
    const ended = once(others.child, "close");
    for (const containerInstance of instances) {
      await world.ecs.deregisterContainerInstance({ cluster: "passing", containerInstance });
    }
    await ended;
    assert.equal(others.child.exitCode, 0, others.complaints());
    assert.equal(others.complaints().match(/was deregistered/g)?.length, 1);
  });

  test("registers again if its saved instances are gone, and says so once", async (context) => {
    await world.ecs.createCluster({ clusterName: "renewed" });
    const flags = ["--count", "2", "--cluster", "renewed", "--data-dir", join(world.dataDir, "renewed")];
    const hosts = startHosts(context, flags);
    const { instances } = await hosts.connected;
    assert.equal(await hosts.end(), 0, hosts.complaints());
    for (const containerInstance of instances) {
      await world.ecs.deregisterContainerInstance({ cluster: "renewed", containerInstance });
    }
    const again = startHosts(context, flags);
    const renewed = await again.connected;
    assert.equal(renewed.connected, 2);
    assert.ok(renewed.instances.every((arn) => !instances.includes(arn)));
    assert.equal(again.complaints().match(/^berth: The control plane no longer knows a saved host.*\.$/gm)?.length, 1);
    assert.equal(await again.end(), 0);
  });

  test("trusts the given certificate, and no other", async (context) => {
    const secure = await AgentWorld.start({ tls: { cert: pem("tls/loopback.pem"), key: pem("tls/loopback.key") } });
    context.after(() => secure.end());
    const hosts = startHostsOf(secure, context, ["--tls-ca", pem("tls/loopback.pem")], {});
    assert.equal((await hosts.connected).connected, 1);
    assert.equal(await hosts.end(), 0);
    const distrustful = startHostsOf(secure, context, [], {});
    await once(distrustful.child, "close");
    assert.match(distrustful.complaints(), /The certificate of https:.* is not trusted .* --tls-ca/);
    await secure.stopServer();
    await secure.startServer({ tls: { cert: pem("identity/trusted.pem"), key: pem("identity/trusted.key") } });
    const astray = startHostsOf(secure, context, ["--tls-ca", pem("identity/trusted.pem")], {});
    await once(astray.child, "close");
    assert.match(astray.complaints(), /The certificate of https:.* belongs to another host/);
  });

  test("can be ended while the control plane is away", async (context) => {
    const { port } = world.server;
    const hosts = startHosts(context, ["--count", "5"]);
    await hosts.connected;
    await world.stopServer();
    assert.equal(await hosts.end(), 0, hosts.complaints());
    await world.startServer({ port });
  });

  test("creates the cluster default if no other was named", async (context) => {
    const hosts = startHosts(context, []);
    const { cluster: joined, instances } = await hosts.connected;
    assert.equal(joined, "default");
    assert.match(instances[0] ?? "", new RegExp(`^arn:aws:ecs:${region}:${account}:container-instance/default/`));
    assert.equal(await hosts.end(), 0);
  });
});

function pem(name: string): string {
  return new URL(`../fixtures/${name}`, import.meta.url).pathname;
}

const metrics = async (): Promise<string> => (await fetch(`${world.server.metricsUrl}/metrics`)).text();

describe("problems are reported in plain words", () => {
  const wrong: readonly (readonly [string, readonly string[], object, number, RegExp])[] = [
    ["a cluster that is missing", ["--cluster", "nowhere"], {}, 1, /There is no cluster nowhere .* create-cluster/],
    [
      "a wrong secret",
      [],
      { AWS_SECRET_ACCESS_KEY: "wrong" },
      1,
      /refuses the access key AKIA\w+: The request signature/,
    ],
    ["a key that nobody has", [], { AWS_ACCESS_KEY_ID: "AKIAAAAAAAAAAAAAAAAA" }, 1, /refuses the access key AKIAA+/],
    ["no key", [], { AWS_ACCESS_KEY_ID: "" }, 2, /AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY/],
    ["too many", ["--count", "5001"], {}, 2, /--count must be a whole number from 1 to 5000/],
  ];
  for (const [what, flags, environment, exit, text] of wrong) {
    test(what, async (context) => {
      const { code, err } = await runHosts(context, flags, environment);
      assert.match(err, text);
      assert.deepEqual([code, err.trim().split("\n").length], [exit, 1]);
    });
  }

  test("a server that does not answer", async (context) => {
    const { url } = world.server;
    const { port } = world.server;
    await world.stopServer();
    context.after(() => world.startServer({ port }));
    const child = spawn(process.execPath, [berthMain, "hosts", "--endpoint", url], {
      env: { AWS_ACCESS_KEY_ID: "any", AWS_SECRET_ACCESS_KEY: "any", AWS_REGION: region },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let err = "";
    child.stderr.on("data", (chunk) => {
      err += chunk;
    });
    await once(child, "close");
    assert.equal(child.exitCode, 1);
    assert.match(err, /^berth: http:\/\/127\.0\.0\.1:\d+ does not answer \(.*ECONNREFUSED.*`berth serve`/);
  });
});

test("with `berth dev` no flag, key or region is needed, and the end says what it leaves", async (context) => {
  const { listening, end } = await startBerth("dev", ["--in-memory", "--instances", "0"]);
  context.after(() => end("SIGTERM"));
  const plain = { PATH: process.env.PATH, AWS_ENDPOINT_URL_ECS: listening.url };
  const run = async (...flags: string[]): Promise<{ readonly code: number | null; readonly err: string }> => {
    const argv = [berthMain, "hosts", "--count", "2", ...flags];
    const child = spawn(process.execPath, argv, { env: plain, stdio: ["ignore", "pipe", "pipe"] });
    context.after(() => child.kill("SIGKILL"));
    let err = "";
    child.stderr.on("data", (chunk) => {
      err += chunk;
    });
    child.stdout.once("data", () => child.kill("SIGINT"));
    await once(child, "close");
    return { code: child.exitCode, err };
  };
  const left = await run();
  assert.equal(left.code, 0, left.err);
  assert.match(left.err, /2 container instances stay registered in the cluster default, without a host\. --deregister/);
  const removed = await run("--deregister");
  assert.match(removed.err, /2 container instances were deregistered\.\n$/);
});
