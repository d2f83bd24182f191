import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { architectureOf, type DockerFacts, dockerAttributes } from "./docker-attributes.ts";

const capable: DockerFacts = {
  info: { Plugins: { Log: ["awslogs", "fluentd", "json-file", "local", "syslog"] } },
  version: { Arch: "amd64" },
  apiVersion: "1.41",
  canLimitTasks: true,
  hasEndpoints: true,
  gpuDriverVersion: null,
  services: null,
};
/** Names and values as `name=value`. */
const shown = (facts: Partial<DockerFacts>): readonly string[] =>
  dockerAttributes({ ...capable, ...facts }).map(({ name, value }) =>
    value === undefined ? name : `${name}=${value}`,
  );
const older = "com.amazonaws.ecs.capability.";

describe("the attributes of a host with Docker", () => {
  it("name each version of the API up to the negotiated one", () => {
    const apis = (apiVersion: string) =>
      shown({ apiVersion }).flatMap((name) => name.split(`${older}docker-remote-api.`)[1] ?? []);
    assert.deepEqual(apis("1.24"), ["1.17", "1.18", "1.19", "1.20", "1.21", "1.22", "1.23", "1.24"]);
    assert.equal(apis("1.41").length, 25);
    assert.deepEqual(apis("nonsense"), []);
  });

  it("name the log drivers that ECS and the engine both have, and none", () => {
    const drivers = (info: DockerFacts["info"]) =>
      shown({ info }).flatMap((name) => name.split(`${older}logging-driver.`)[1] ?? []);
    assert.deepEqual(drivers(capable.info), ["none", "json-file", "syslog", "fluentd"]);
    assert.deepEqual(drivers({}), ["none"]);
    assert.deepEqual(drivers({ Plugins: { Log: null } }), ["none"]);
  });

  const dependent: readonly (readonly [attribute: string, without: Partial<DockerFacts>])[] = [
    ["ecs.capability.task-cpu-mem-limit", { canLimitTasks: false }],
    [`${older}task-iam-role`, { hasEndpoints: false }],
    [`${older}task-iam-role-network-host`, { hasEndpoints: false }],
  ];
  for (const [attribute, without] of dependent) {
    it(`claim ${attribute} only where it holds`, () => {
      assert.ok(shown({}).includes(attribute));
      assert.ok(!shown(without).includes(attribute));
    });
  }

  it("claim nothing that this agent has no code for", () => {
    const absent = /firelens|appmesh|service-connect|execute-command|fault|ebs/;
    const all = shown({ gpuDriverVersion: "550.54", services: { efs: true } });
    assert.deepEqual(
      all.filter((name) => absent.test(name)),
      [],
    );
  });

  it("claim secrets, files, logins and CloudWatch Logs only with other services of AWS", () => {
    const of = (services: DockerFacts["services"]) =>
      shown({ services }).filter((name) => /secrets|env-files|ecr|efs|awslogs|registry/.test(name));
    assert.deepEqual(of(null), []);
    const all = [
      ...["ecr-endpoint", "env-files.s3", "execution-role-awslogs", "execution-role-ecr-pull"],
      "private-registry-authentication.secretsmanager",
      ...["secrets.asm.bootstrap.log-driver", "secrets.asm.environment-variables"],
      ...["secrets.ssm.bootstrap.log-driver", "secrets.ssm.environment-variables"],
    ].map((name) => `ecs.capability.${name}`);
    const old = [`${older}logging-driver.awslogs`, `${older}ecr-auth`];
    assert.deepEqual(of({ efs: false }), [...all, ...old]);
    assert.deepEqual(of({ efs: true }), [...all, "ecs.capability.efs", "ecs.capability.efsAuth", ...old]);
  });

  it("include the version of the GPU driver", () => {
    const gpu = ["ecs.capability.nvidia-driver-version.550.54", "ecs.capability.gpu-driver-version=550.54"];
    assert.deepEqual(
      shown({ gpuDriverVersion: "550.54" }).filter((name) => /driver-version/.test(name)),
      gpu,
    );
    assert.ok(!shown({}).some((name) => /driver-version/.test(name)));
  });

  it("describe the system in ECS's words", () => {
    const last = ["ecs.os-type=linux", "ecs.os-family=LINUX", "ecs.cpu-architecture=arm64"];
    assert.deepEqual(shown({ version: { Arch: "arm64" } }).slice(-3), last);
    assert.equal(architectureOf({}), "x86_64");
  });

  it("are named once each", () => {
    const names = shown({ gpuDriverVersion: "1" });
    assert.equal(new Set(names).size, names.length);
  });
});
