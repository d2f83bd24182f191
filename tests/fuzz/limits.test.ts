/** Values beyond the limit of every leaf of every request, over HTTP: each is refused, and leaves nothing behind. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type AnsweredName, answeredNames } from "../../src/ecs/machine/operations.ts";
import { edgesOf, leavesOf } from "../../src/wire/request-leaves.ts";
import { operationNamed } from "../../src/wire/services.ts";
import { type FuzzedServer, place, startFuzzedServer } from "./fuzzed-server.ts";
import { likelyRequests } from "./likely-requests.ts";

const authorization = `AWS4-HMAC-SHA256 Credential=${place.account}/20261121/${place.region}/ecs/aws4_request, SignedHeaders=host, Signature=00ff`;

let server: FuzzedServer;
before(async () => {
  server = await startFuzzedServer();
});
after(() => server.close());

async function call(
  operation: AnsweredName,
  body: string,
): Promise<{ readonly status: number; readonly code: string }> {
  const { targetPrefix } = operationNamed(operation).service;
  const response = await fetch(`http://127.0.0.1:${server.port}/`, {
    method: "POST",
    headers: { "x-amz-target": `${targetPrefix}.${operation}`, authorization },
    body,
  });
  const { __type: code = "" } = (await response.json()) as { readonly __type?: string };
  return { status: response.status, code };
}

test("a value beyond its limit is refused and changes nothing, in an otherwise likely request", async () => {
  const likely = likelyRequests(server.references);
  const before = [server.contents(), server.appends(), await server.told()];
  const refusals = ["ClientException", "InvalidParameterException", "SerializationException"];
  let sent = 0;
  for (const operation of answeredNames) {
    for (const leaf of leavesOf(operationNamed(operation))) {
      for (const value of edgesOf(leaf).beyond) {
        const body = JSON.stringify({ ...likely[operation], ...(leaf.request(value) as object) });
        const { status, code } = await call(operation, body);
        assert.equal(status, 400, `${operation} ${leaf.path}: ${body.slice(0, 300)}`);
        assert.ok(refusals.includes(code), `${operation} ${leaf.path}: ${code}`);
        sent += 1;
      }
    }
    assert.deepEqual([server.contents(), server.appends()], before.slice(0, 2), operation);
  }
  assert.ok(sent > 3_000, `${sent} requests`);
  assert.equal(await server.told(), before[2]);
  assert.deepEqual(server.errors, []);
});

/** The attack on an earlier version: each value was accepted, stored, and written again with every change of the task. */
test("a report with 240 KB in a text, or with numbers that no container has, is refused", async () => {
  const { cluster, task } = server.references;
  const large = "x".repeat(240_000);
  const container = (members: object): object => ({
    containers: [{ containerName: "main", status: "RUNNING", ...members }],
  });
  const reports: readonly object[] = [
    container({ runtimeId: large }),
    container({ imageDigest: large }),
    container({ reason: large }),
    container({ networkBindings: [{ bindIP: large }] }),
    container({ networkBindings: [{ hostPort: 1e300 }] }),
    container({ networkBindings: [{ hostPort: 0.5 }] }),
    container({ networkBindings: [{ containerPort: -1 }] }),
    container({ exitCode: 1e308 }),
    container({ networkBindings: Array(6_555).fill({ hostPort: 1 }) }),
    { reason: large },
    { pullStartedAt: 8.64e12 },
    { executionStoppedAt: -8.64e12 },
  ];
  for (const report of reports) {
    const body = JSON.stringify({ cluster, task, status: "RUNNING", ...report });
    assert.equal((await call("SubmitTaskStateChange", body)).status, 400, body.slice(0, 200));
  }
  const alone = { cluster, task, containerName: "main", status: "RUNNING", runtimeId: large };
  assert.equal((await call("SubmitContainerStateChange", JSON.stringify(alone))).status, 400);
});

test("a report at its limits is accepted, and the resulting task is small", async () => {
  const { cluster, task } = server.references;
  const longest = {
    runtimeId: "r".repeat(255),
    imageDigest: "d".repeat(255),
    reason: "because ".repeat(2_000),
    networkBindings: Array.from({ length: 500 }, (_, i) => ({
      bindIP: "0.0.0.0",
      containerPort: 80,
      hostPort: 32_768 + i,
    })),
  };
  const body = {
    cluster,
    task,
    status: "PENDING",
    containers: [{ containerName: "main", status: "RUNNING", ...longest }],
  };
  assert.deepEqual(await call("SubmitTaskStateChange", JSON.stringify(body)), { status: 200, code: "" });
  const told = await server.told();
  assert.ok(told.length < 150_000, `${told.length} characters`);
  assert.equal(told.includes("because ".repeat(128)), true);
  assert.equal(told.includes("because ".repeat(129)), false);
});

test("documents are no larger than docs/operations.md says", async () => {
  const { instance } = server.references;
  const cluster = "c".repeat(255);
  const family = "f".repeat(255);
  const done = async (operation: AnsweredName, request: object): Promise<void> => {
    assert.deepEqual(await call(operation, JSON.stringify(request)), { status: 200, code: "" }, operation);
  };
  // These are the heaviest letters that tags allow.
  const tags = Array.from({ length: 50 }, (_, i) => ({ key: `${i}k`.padEnd(128, "漢"), value: "漢".repeat(256) }));
  const alarmNames = Array.from({ length: 10 }, (_, i) => `${i}`.padEnd(255, "漢"));
  await done("CreateCluster", { clusterName: cluster, tags });
  await done("RegisterTaskDefinition", {
    family,
    tags,
    containerDefinitions: containerNames.map((name) => ({ name, image: "i".repeat(255), memory: 4 })),
  });
  await done("CreateService", {
    cluster,
    serviceName: "s".repeat(255),
    taskDefinition: family,
    desiredCount: 1,
    tags: tags.slice(0, 40),
    placementConstraints: Array.from({ length: 10 }, () => ({ type: "memberOf", expression: longExpression })),
    deploymentConfiguration: { alarms: { alarmNames, enable: true, rollback: true } },
  });
  await done("RegisterContainerInstance", {
    cluster,
    attributes: Array.from({ length: 500 }, (_, i) => ({ name: `ecs.${i}`.padEnd(128, "a"), value: "v".repeat(128) })),
    totalResources: Array.from({ length: 46 }, (_, i) => ({
      name: `r${i}`.padEnd(255, "r"),
      type: "STRINGSET",
      stringSetValue: ["漢".repeat(256), "字".repeat(256)],
    })),
  });
  await heaviestTask(instance, family, tags, done);
  assert.deepEqual(
    Object.entries(server.heaviest()).filter(
      ([kind, bytes]) => bytes > (documentBytesMax[kind] ?? documentBytesMax.other ?? 0),
    ),
    [],
  );
});

/** As docs/operations.md says. */
const documentBytesMax: Readonly<Record<string, number>> = {
  task: 327_680,
  event: 327_680,
  "instance-registration": 262_144,
  "task-definition": 131_072,
  service: 204_800,
  "service-revision": 204_800,
  other: 65_536,
};

const containerNames = Array.from({ length: 10 }, (_, i) => `c${i}`.padEnd(255, "c"));
const longExpression = `attribute:ecs.os-type in [${Array(1_150).fill("linux").join(", ")}]`;

/** A task in which everything that a caller and an agent can set has its maximum length. */
async function heaviestTask(
  instance: string,
  taskDefinition: string,
  tags: readonly object[],
  done: (operation: AnsweredName, request: object) => Promise<void>,
): Promise<void> {
  const { cluster } = server.references;
  const environment = [{ name: "x", value: "漢".repeat(7_500) }];
  const overrides = { containerOverrides: [{ name: containerNames[0], environment }] };
  const run = { cluster, taskDefinition, group: "漢".repeat(255), startedBy: "s".repeat(36), tags, overrides };
  const before = (await server.tasks()).taskArns;
  await done("StartTask", { ...run, containerInstances: [instance] });
  const task = (await server.tasks()).taskArns.find((arn) => !before.includes(arn));
  for (const containerName of containerNames) {
    const binding = {
      bindIP: "漢".repeat(64),
      containerPort: 65_535,
      hostPort: 65_535,
      containerPortRange: "65530-65535",
    };
    const networkBindings = Array(500).fill({ ...binding, hostPortRange: "65530-65535", protocol: "udp" });
    const ids = { runtimeId: "漢".repeat(255), imageDigest: "漢".repeat(255) };
    const container = { containerName, status: "RUNNING", ...ids, reason: "漢".repeat(16_384), networkBindings };
    await done("SubmitTaskStateChange", { cluster, task, status: "RUNNING", containers: [container] });
  }
}
