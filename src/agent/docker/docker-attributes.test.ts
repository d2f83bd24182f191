import assert from "node:assert/strict";
import { test } from "node:test";
import { agentCapabilities } from "../simulated-attributes.ts";
import { type DockerFacts, dockerAttributes } from "./docker-attributes.ts";

const facts: DockerFacts = {
  info: { Plugins: { Log: ["awslogs", "fluentd", "gcplogs", "json-file", "local", "journald"] } },
  version: { Version: "20.10.24", Arch: "arm64" },
  apiVersion: "1.41",
  canLimitTasks: true,
  hasEndpoints: true,
  gpuDriverVersion: null,
};

const namesOf = (given: Partial<DockerFacts> = {}): readonly string[] =>
  dockerAttributes({ ...facts, ...given }).map(({ name }) => name);

const old = "com.amazonaws.ecs.capability.";

test("a Docker host offers the log drivers that its engine has and that work without Amazon's services", () => {
  const drivers = namesOf().flatMap((name) => name.split(`${old}logging-driver.`)[1] ?? []);
  assert.deepEqual(drivers.toSorted(), ["fluentd", "journald", "json-file", "none"]);
  const bare = namesOf({ info: {} }).filter((name) => name.includes("logging-driver"));
  assert.deepEqual(bare, [`${old}logging-driver.none`]);
});

test("a Docker host offers each version of the Engine API up to the one that is spoken", () => {
  const versions = namesOf().flatMap((name) => name.split(`${old}docker-remote-api.`)[1] ?? []);
  assert.deepEqual(
    versions,
    Array.from({ length: 25 }, (_, at) => `1.${17 + at}`),
  );
});

test("a Docker host offers what depends on the machine only where it is", () => {
  const depending = {
    "ecs.capability.task-cpu-mem-limit": { canLimitTasks: false },
    [`${old}task-iam-role`]: { hasEndpoints: false },
    [`${old}task-iam-role-network-host`]: { hasEndpoints: false },
  } as const;
  for (const [name, without] of Object.entries(depending)) {
    assert.ok(namesOf().includes(name), name);
    assert.ok(!namesOf(without).includes(name), name);
  }
  assert.ok(!namesOf().some((name) => name.includes("gpu") || name.includes("nvidia")));
  assert.deepEqual(
    dockerAttributes({ ...facts, gpuDriverVersion: "550.54" }).filter(({ name }) => /gpu|nvidia/.test(name)),
    [
      { name: "ecs.capability.nvidia-driver-version.550.54" },
      { name: "ecs.capability.gpu-driver-version", value: "550.54" },
    ],
  );
});

test("a Docker host offers nothing that needs Amazon's services or is not built", () => {
  const foreign =
    /ssm|asm|secretsmanager|ecr|efs|fsx|\.s3|ebs|execute-command|appmesh|service-connect|firelens|eia|fault|awslogs|trunking/;
  assert.deepEqual(
    namesOf().filter((name) => foreign.test(name)),
    [],
  );
  // The pattern finds something in an agent that can do everything.
  assert.ok(agentCapabilities.filter((name) => foreign.test(name)).length > 15);
});

test("a Docker host says its processor in ECS's words", () => {
  const architecture = (Arch: string) =>
    dockerAttributes({ ...facts, version: { Arch } }).find(({ name }) => name === "ecs.cpu-architecture")?.value;
  assert.equal(architecture("arm64"), "arm64");
  assert.equal(architecture("amd64"), "x86_64");
});
