/**
 * Goal: nothing in a task definition is lost on the way to the agent. Method: the table below has every member of the SDK's
 * RegisterTaskDefinition, either with a sample that is registered, run, and looked for in the payload, or with the error that
 * refuses it, or with the reason why agents do not need it. A member that the SDK gains has no entry.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PayloadTask } from "../../agent-protocol/to-agent/payload.ts";
import type { PayloadContainer } from "../../agent-protocol/to-agent/payload-container.ts";
import { parseToAgent } from "../../agent-protocol/to-agent.ts";
import { TaskCredentialsIssuer } from "../../auth/task-credentials.ts";
import type { TaskDefinition } from "../../ecs/documents/task-definition.ts";
import { SmallAccount } from "../../ecs/small-account.ts";
import { aCluster } from "../../ecs/small-world.ts";
import { must } from "../../lib/assert.ts";
import { ecsShapes, type Shape } from "../../wire/shapes.ts";
import { type Arrived, type Entry, entries } from "./payload-members.ts";
import { payloadTask } from "./task-payload.ts";
import { taskCredentialsOf } from "./task-roles.ts";

const credentials = new TaskCredentialsIssuer(new Uint8Array(32).fill(7));
const container = { name: "app", image: "registry.example/app:1", memory: 64 };

/** The paths of all members with a value of their own, such as `containerDefinitions.links`. */
function leaves(shape: Shape, path: string): string[] {
  const inner = shape.kind === "list" ? shape.member : shape.kind === "map" ? shape.value : shape;
  if (inner.kind !== "structure") return [path];
  return [...inner.members].flatMap(([name, member]) => leaves(member, path === "" ? name : `${path}.${name}`));
}

function registered(request: object): TaskDefinition {
  const account = new SmallAccount();
  account.call("RegisterTaskDefinition", { family: "f", containerDefinitions: [container], ...request });
  const [key = ""] = [...account.stored.keys()].filter((name) => name.startsWith("task-definition\n"));
  return must(account.stored.get(key), "the definition") as TaskDefinition;
}

/** What the agent receives for a definition on an instance that has every required attribute. */
function run(entry: Entry): Arrived {
  const { containers = [{}], request = {}, runTask = {} } = entry;
  const containerDefinitions = containers.map((changes, i) => ({ ...container, name: `c${i}`, ...changes }));
  const definition = registered({ containerDefinitions, ...request });
  const more = definition.more as { readonly runtimePlatform?: { readonly cpuArchitecture?: string } };
  const world = aCluster().withInstances(1, {
    cpu: 65_536,
    memoryMiB: 65_536,
    gpus: ["GPU-0", "GPU-1"],
    platformAttributes: [
      ...definition.requiresAttributes.map(({ name }) => ({ name, value: null })),
      ...["env-files.s3", "execution-role-awslogs"].map((name) => ({ name: `ecs.capability.${name}`, value: null })),
      { name: "com.amazonaws.ecs.capability.task-iam-role", value: null },
      { name: "com.amazonaws.ecs.capability.docker-remote-api.1.17", value: null },
      { name: "ecs.cpu-architecture", value: more.runtimePlatform?.cpuArchitecture === "ARM64" ? "arm64" : "x86_64" },
    ],
  });
  const network = { networkConfiguration: { awsvpcConfiguration: { subnets: ["subnet-1"] } } };
  const asked = { ...(definition.networkMode === "awsvpc" ? network : {}), ...runTask };
  const task = world.runTask(definition, asked);
  const payload = payloadTask({ task, definition }, (id) => id, taskCredentialsOf(credentials, 1_000_000));
  const message = { messageId: "m", clusterArn: "c", containerInstanceArn: "i", tasks: [payload] };
  const parsed = parseToAgent(JSON.parse(JSON.stringify({ type: "PayloadMessage", message })));
  assert.ok(parsed.ok, "the payload has the shape that agents expect");
  return arrivedOf(payload);
}

function arrivedOf(task: PayloadTask): Arrived {
  const first = must(task.containers?.[0], "a container") as PayloadContainer;
  return {
    task,
    container: first,
    config: JSON.parse(first.dockerConfig?.config ?? "{}"),
    host: JSON.parse(first.dockerConfig?.hostConfig ?? "{}"),
  };
}

/** The error that refuses the registration or RunTask. */
function refusal({ containers = [{}], request = {} }: Entry): string {
  try {
    run({ containers, request });
  } catch (error) {
    return String(error);
  }
  return "accepted";
}

test("every member of the SDK's task definition is in the table, and nothing else is", () => {
  const known = leaves(ecsShapes.of("RegisterTaskDefinition").input, "");
  assert.ok(known.length > 100);
  assert.deepEqual([...new Set(Object.keys(entries))].sort(), [...new Set(known)].sort());
});

const plain = run({});

for (const [path, entry] of Object.entries(entries)) {
  const { at, is, refused, elsewhere } = entry;
  if (at !== undefined) {
    test(`${path} arrives`, () => {
      assert.deepEqual(at(run(entry)), is);
      assert.notDeepEqual(at(plain), is, "the sample proves nothing: the value arrives without it");
    });
  } else if (refused !== undefined) {
    test(`${path} is refused`, () => {
      assert.match(refusal(entry), refused);
    });
  } else {
    test(`agents need not receive ${path}`, () => {
      assert.ok(must(elsewhere, `the reason of ${path}`).length > 20);
    });
  }
}

const role = "arn:aws:iam::111122223333:role/path/run";

test("overridden roles replace the task's, a name means a role of the account, and each has credentials of its own", () => {
  const request = { taskRoleArn: role, executionRoleArn: role };
  const { task } = run({ request, runTask: { overrides: { taskRoleArn: "other", executionRoleArn: "third" } } });
  assert.equal(task.roleCredentials?.roleArn, "arn:aws:iam::111122223333:role/other");
  assert.equal(task.executionRoleCredentials?.roleArn, "arn:aws:iam::111122223333:role/third");
  for (const name of ["credentialsId", "accessKeyId", "secretAccessKey", "sessionToken"] as const) {
    assert.notEqual(task.roleCredentials?.[name], task.executionRoleCredentials?.[name]);
    assert.ok(task.roleCredentials?.[name]);
  }
  assert.equal(task.roleCredentials?.expiration, "1970-01-01T06:16:40Z");
  assert.deepEqual([run({}).task.roleCredentials, run({}).task.executionRoleCredentials], [undefined, undefined]);
});

test("the agent logs in to ECR, with the execution role if there is one; the container's own credentials override that", () => {
  const image = "444455556666.dkr.ecr.ap-south-1.amazonaws.com/app:1";
  const ecr = (changes: object, request: object = {}) =>
    run({ containers: [{ image, ...changes }], request }).container.registryAuthentication;
  const ecrAuthData = { registryId: "444455556666", region: "ap-south-1", useExecutionRole: false };
  assert.deepEqual(ecr({}), { type: "ecr", ecrAuthData });
  const byRole = { executionRoleArn: role };
  assert.deepEqual(ecr({}, byRole), { type: "ecr", ecrAuthData: { ...ecrAuthData, useExecutionRole: true } });
  const fips = { image: image.replace("ecr.ap-south-1", "ecr-fips.us-east-2") };
  assert.deepEqual(ecr(fips), { type: "ecr", ecrAuthData: { ...ecrAuthData, region: "us-east-2" } });
  const own = ecr({ repositoryCredentials: { credentialsParameter: "named" } }, byRole);
  assert.deepEqual(own, { type: "asm", asmAuthData: { credentialsParameter: "named", region: "eu-central-1" } });
  assert.equal(run({}).container.registryAuthentication, undefined);
});

test("awslogs writes with the execution role if there is one, other drivers never", () => {
  const options = { "awslogs-group": "g", "awslogs-region": "eu-central-1" };
  const strategy = (logDriver: string, request: object) =>
    run({ containers: [{ logConfiguration: { logDriver, options } }], request }).container.logsAuthStrategy;
  assert.equal(strategy("awslogs", { executionRoleArn: role }), "ExecutionRole");
  assert.equal(strategy("awslogs", {}), undefined);
  assert.equal(strategy("json-file", { executionRoleArn: role }), undefined);
});

test("values that Docker and the agent would guess wrongly are always set", () => {
  const { container, host, config, task } = run({ containers: [{ healthCheck: { command: ["CMD", "true"] } }] });
  assert.equal(container.essential, true);
  assert.equal(container.overrides, "{}");
  assert.equal(container.healthCheckType, "docker");
  assert.deepEqual(config.Healthcheck, {
    Test: ["CMD", "true"],
    Interval: 30_000_000_000,
    Timeout: 5_000_000_000,
    StartPeriod: 0,
    Retries: 3,
  });
  assert.deepEqual([host.NetworkMode, host.CapAdd, host.CapDrop, task.networkMode], ["bridge", [], [], "bridge"]);
  assert.equal(run({}).container.healthCheckType, undefined);
  assert.match(container.containerArn ?? "", /^arn:aws:ecs:eu-central-1:111122223333:container\/lab\//);
});

test("swap is added to the container's memory, or to the task's; without maxSwap nothing is set", () => {
  const linuxParameters = { maxSwap: 0 };
  const { host } = run({
    containers: [{ memory: undefined, linuxParameters }],
    request: { cpu: "256", memory: "512" },
  });
  assert.deepEqual([host.Memory, host.MemorySwap], [512 * 1_048_576, 512 * 1_048_576]);
  const own = run({ containers: [{ linuxParameters }] }).host;
  assert.deepEqual([own.Memory, own.MemorySwap], [undefined, 64 * 1_048_576]);
  const without = run({ containers: [{ linuxParameters: { swappiness: 3 } }] }).host;
  assert.deepEqual([without.MemorySwap, without.MemorySwappiness], [undefined, undefined]);
  const nowhere = { containers: [{ memory: undefined, memoryReservation: 64, linuxParameters }] };
  assert.match(refusal(nowhere), /maxSwap without a memory limit/);
});

test("a task that is to stop is named only by its ARN, and no credentials are sent for it", () => {
  const definition = registered({ taskRoleArn: role });
  const task = { ...aCluster().withInstances(1).runTask(), desiredStatus: "STOPPED" as const };
  const payload = payloadTask({ task, definition }, (id) => id, taskCredentialsOf(credentials, 1));
  assert.deepEqual(payload, { arn: task.arn, desiredStatus: "STOPPED" });
});
