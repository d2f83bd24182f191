import assert from "node:assert/strict";
import { test } from "node:test";
import type { TaskDefinition } from "../documents/task-definition.ts";
import { SmallAccount } from "../small-account.ts";
import { aCluster } from "../small-world.ts";

const plain = { name: "app", image: "nginx", memory: 64 };
const role = "arn:aws:iam::111122223333:role/ecsTaskExecutionRole";
const ecrImage = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/app:1";
const awslogs = { logDriver: "awslogs", options: { "awslogs-group": "g", "awslogs-region": "eu-central-1" } };

/** The names that a definition requires, without their prefixes; `old:` stands for the longer one. */
function attributes(container: object, request: object = {}): string[] {
  const containerDefinitions = [{ ...plain, ...container }];
  const { taskDefinition } = new SmallAccount().call<{ taskDefinition: { requiresAttributes: { name: string }[] } }>(
    "RegisterTaskDefinition",
    { family: "web", containerDefinitions, ...request },
  );
  return taskDefinition.requiresAttributes.map(({ name }) =>
    name.replace("com.amazonaws.ecs.capability.", "old:").replace(/^ecs\.capability\./, ""),
  );
}

const docker = (minor: number) => `old:docker-remote-api.1.${minor}`;

test("a plain definition needs no attributes", () => {
  assert.deepEqual(attributes({ portMappings: [{ containerPort: 80 }], cpu: 10 }, { cpu: "256", memory: "512" }), []);
});

/** Features of a container and its definition, and the attributes that they require. */
function features(): [container: object, request: object, expected: string[]][] {
  const secret = (valueFrom: string) => [{ name: "KEY", valueFrom }];
  // A router needs a container that uses it; here it is its own.
  const properties = ["ProxyIngressPort", "ProxyEgressPort", "AppPorts", "IgnoredUID"].map((name) => ({
    name,
    value: "1",
  }));
  const routed = { logConfiguration: { logDriver: "awsfirelens" } };
  const byRouter = "old:logging-driver.awsfirelens";
  const manager = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:a";
  const options = (type: string, source: string) => ({
    ...routed,
    firelensConfiguration: {
      type,
      options: { "config-file-type": source, "config-file-value": "arn:aws:s3:::b/f.conf" },
    },
  });
  const efs = { fileSystemId: "fs-1", transitEncryption: "ENABLED", authorizationConfig: { iam: "ENABLED" } };
  const firelens = { ...routed, firelensConfiguration: { type: "fluentbit" } };
  return [
    [{ privileged: true }, {}, ["old:privileged-container"]],
    [{ image: ecrImage }, {}, ["old:ecr-auth"]],
    [{ image: ecrImage }, { executionRoleArn: role }, ["old:ecr-auth", "execution-role-ecr-pull"]],
    [{ logConfiguration: awslogs }, {}, [docker(19), "old:logging-driver.awslogs"]],
    [
      { logConfiguration: awslogs },
      { executionRoleArn: role },
      [docker(19), "old:logging-driver.awslogs", "execution-role-awslogs"],
    ],
    [{ logConfiguration: { logDriver: "json-file" } }, {}, ["old:logging-driver.json-file"]],
    [firelens, {}, [byRouter, "firelens.fluentbit"]],
    [options("fluentd", "s3"), {}, [byRouter, "firelens.fluentd", "firelens.options.config.s3"]],
    [{}, { networkMode: "awsvpc" }, [docker(18), "task-eni"]],
    [{}, { taskRoleArn: role }, [docker(17), "old:task-iam-role"]],
    [{}, { taskRoleArn: role, networkMode: "host" }, [docker(17), "old:task-iam-role-network-host"]],
    [{ secrets: secret("param") }, { executionRoleArn: role }, ["secrets.ssm.environment-variables"]],
    [{ secrets: secret(manager) }, { executionRoleArn: role }, ["secrets.asm.environment-variables"]],
    [
      { logConfiguration: { logDriver: "splunk", secretOptions: secret(manager) } },
      { executionRoleArn: role },
      [docker(22), "old:logging-driver.splunk", "secrets.asm.bootstrap.log-driver"],
    ],
    [
      { repositoryCredentials: { credentialsParameter: manager } },
      { executionRoleArn: role },
      ["private-registry-authentication.secretsmanager"],
    ],
    [{ healthCheck: { command: ["CMD", "true"] } }, {}, [docker(24), "container-health-check"]],
    [{ environmentFiles: [{ value: "arn:aws:s3:::b/a.env", type: "s3" }] }, {}, ["env-files.s3"]],
    [{ restartPolicy: { enabled: true } }, {}, ["container-restart-policy"]],
    [{ portMappings: [{ containerPortRange: "80-90" }] }, {}, ["network.container-port-range"]],
    [{ memoryReservation: 32 }, {}, [docker(21)]],
    [{ ulimits: [{ name: "nofile", softLimit: 1, hardLimit: 2 }], dockerLabels: { a: "b" } }, {}, [docker(18)]],
    [{ linuxParameters: { initProcessEnabled: true, capabilities: {} } }, {}, [docker(17), docker(25)]],
    [{ credentialSpecs: ["credentialspec:a"] }, {}, ["gmsa"]],
    [{}, { pidMode: "task" }, ["pid-ipc-namespace-sharing"]],
    [{}, { ipcMode: "host" }, ["pid-ipc-namespace-sharing"]],
    [{}, { volumes: [{ name: "a", dockerVolumeConfiguration: {} }] }, [docker(25), "docker-plugin.local"]],
    [
      {},
      { volumes: [{ name: "a", dockerVolumeConfiguration: { driver: "rexray" } }] },
      [docker(25), "docker-plugin.rexray"],
    ],
    [{}, { volumes: [{ name: "a", efsVolumeConfiguration: efs }] }, [docker(25), "efs", "efsAuth"]],
    [
      { mountPoints: [{ sourceVolume: "a", containerPath: "/a" }] },
      { volumes: [{ name: "a", configuredAtLaunch: true }] },
      ["storage.ebs-task-volume-attach"],
    ],
    [
      {},
      { networkMode: "awsvpc", proxyConfiguration: { containerName: "app", properties } },
      [docker(18), "aws-appmesh", "task-eni"],
    ],
    [{}, { networkMode: "host", enableFaultInjection: true }, ["fault-injection"]],
    [{}, { cpu: "11 vcpu", memory: "8192" }, ["increased-task-cpu-limit"]],
    [{}, { cpu: "10 vcpu", memory: "8192" }, []],
    [{ stopTimeout: 3 }, {}, ["container-ordering"]],
    [{ startTimeout: 3 }, {}, ["container-ordering"]],
    [
      { dockerSecurityOptions: ["label:type:x", "apparmor=y", "no-new-privileges"] },
      {},
      ["old:apparmor", "old:selinux"],
    ],
    [{ dockerSecurityOptions: ["credentialspec:file://a"] }, {}, ["gmsa"]],
    [{ credentialSpecs: ["credentialspecdomainless:a"] }, {}, ["gmsa-domainless"]],
    [{ ...firelens, user: "1000" }, {}, [byRouter, "firelens.fluentbit", "firelens.non-root-user"]],
    [{ ...firelens, user: "0:0" }, {}, [byRouter, "firelens.fluentbit"]],
    [
      { ...firelens, logConfiguration: { logDriver: "awsfirelens", options: { "log-driver-buffer-limit": "1" } } },
      {},
      [byRouter, "firelens.fluentbit", "logging-driver.awsfirelens.log-driver-buffer-limit"],
    ],
    [
      {},
      { volumes: [{ name: "a", efsVolumeConfiguration: { fileSystemId: "fs-1", transitEncryption: "ENABLED" } }] },
      [docker(25), "efs", "efsAuth"],
    ],
    [{}, { volumes: [{ name: "a", efsVolumeConfiguration: { fileSystemId: "fs-1" } }] }, [docker(25), "efs"]],
    [
      {},
      { volumes: [{ name: "a", fsxWindowsFileServerVolumeConfiguration: { fileSystemId: "fs-1" } }] },
      ["fsxWindowsFileServer"],
    ],
  ];
}

test("each feature needs the attribute that agents send for it", () => {
  for (const [container, request, expected] of features()) {
    assert.deepEqual(attributes(container, request), expected, JSON.stringify([container, request]));
  }
});

const whole = (name: string): string =>
  name.startsWith("old:") ? name.replace("old:", "com.amazonaws.ecs.capability.") : `ecs.capability.${name}`;

/** How RunTask and StartTask answer for a definition on one instance with these attributes. */
function failures(container: object, request: object, names: readonly string[], runTask: object = {}): object[][] {
  const account = new SmallAccount();
  const containerDefinitions = [{ ...plain, ...container }];
  account.call("RegisterTaskDefinition", { family: "web", containerDefinitions, ...request });
  const definition = account.stored.get("task-definition\nweb:1") as TaskDefinition;
  const platformAttributes = names.map((name) => ({ name, value: name === "ecs.cpu-architecture" ? "x86_64" : null }));
  const world = aCluster().withInstances(1, { cpu: 65_536, memoryMiB: 65_536, platformAttributes });
  const call = (operation: string, members: object) =>
    world.call<{ failures: object[] }>(operation, { ...members, ...runTask }, definition).value.failures;
  const network = { networkConfiguration: { awsvpcConfiguration: { subnets: ["subnet-1"] } } };
  const members = definition.networkMode === "awsvpc" ? network : {};
  return [call("RunTask", members), call("StartTask", { ...members, containerInstances: [world.instanceId(0)] })];
}

test("an instance that lacks an attribute is refused with its name, one that has all is accepted", () => {
  const arn = "arn:aws:ecs:eu-central-1:111122223333:container-instance/lab/00000000000000000000000000000001";
  let refusals = 0;
  for (const [container, request, expected] of features()) {
    // Nothing attaches EBS volumes, whatever the instance reports.
    if (expected.includes("storage.ebs-task-volume-attach")) continue;
    const names = expected.map(whole);
    const what = JSON.stringify([container, request]);
    assert.deepEqual(failures(container, request, names), [[], []], what);
    for (const missing of names) {
      const others = names.filter((name) => name !== missing);
      const [run, start] = failures(container, request, others) as { readonly detail: string }[][];
      assert.deepEqual(run, start, what);
      const detail = run?.[0]?.detail ?? "";
      assert.deepEqual(run, [{ arn, reason: "ATTRIBUTE", detail }], what);
      assert.ok(detail.startsWith(`Missing attributes: ${missing}. Needed by `), detail);
      // The named member is one of this definition.
      const named = detail.match(/(?<=Needed by |\.|or |, )[a-z]\w+(?=[ .:[,])/g) ?? [];
      const members = JSON.stringify([container, request]);
      const isNamed = named.some((member) => members.includes(`"${member}"`));
      assert.ok(isNamed || /docker-remote-api/.test(missing), `${detail} ${members}`);
      refusals += 1;
    }
  }
  assert.ok(refusals > 50);
});

const withoutAdvice = (detail: string): string => detail.replace(/ Needed by .*$/, "");

test("a refusal says which members to remove, each once, and what to do", () => {
  const secrets = [{ name: "A", valueFrom: "arn:aws:secretsmanager:::s" }];
  const [run] = failures({ secrets, stopTimeout: 5 }, { executionRoleArn: role }, []);
  const [{ detail = "" } = {}] = run as { readonly detail?: string }[];
  assert.equal(
    detail.replace(/^.*?(?=Needed)/, ""),
    "Needed by containerDefinitions[].dependsOn, startTimeout or stopTimeout and containerDefinitions[].secrets in the task definition: " +
      "remove that, or use a container instance that offers it.",
  );
});

test("what an override adds needs attributes too", () => {
  const missing = (overrides: object, container: object = {}) => {
    const [run, start] = failures(container, {}, [], { overrides });
    assert.deepEqual(run, start);
    return (run as { detail?: string }[]).map(({ detail = "" }) =>
      withoutAdvice(detail).replace(/com\.amazonaws\.ecs\.capability\./g, "old:"),
    );
  };
  assert.deepEqual(missing({ taskRoleArn: role }), [`Missing attributes: ${docker(17)}, old:task-iam-role.`]);
  assert.deepEqual(missing({ executionRoleArn: role }), []);
  const ecr = missing({ executionRoleArn: role }, { image: ecrImage });
  assert.deepEqual(ecr, ["Missing attributes: old:ecr-auth, ecs.capability.execution-role-ecr-pull."]);
  const environmentFiles = [{ value: "arn:aws:s3:::b/a.env", type: "s3" }];
  const files = missing({ containerOverrides: [{ name: "app", environmentFiles }] });
  assert.deepEqual(files, ["Missing attributes: ecs.capability.env-files.s3."]);
  assert.deepEqual(missing({ cpu: "12 vcpu" }), ["Missing attributes: ecs.capability.increased-task-cpu-limit."]);
});

test("an image of another architecture or system is refused, although the definition shows no attribute for it", () => {
  const platform = (runtimePlatform: object) => {
    assert.deepEqual(attributes({}, { runtimePlatform }), []);
    return failures({}, { runtimePlatform }, ["ecs.cpu-architecture"]).map((found) =>
      found.map((failure) => withoutAdvice((failure as { detail: string }).detail)),
    );
  };
  assert.deepEqual(platform({ cpuArchitecture: "X86_64", operatingSystemFamily: "LINUX" }), [[], []]);
  const arm = ["Missing attributes: ecs.cpu-architecture=arm64."];
  assert.deepEqual(platform({ cpuArchitecture: "ARM64" }), [arm, arm]);
  const windows = ["Missing attributes: ecs.os-family=WINDOWS_SERVER_2022_CORE."];
  assert.deepEqual(platform({ operatingSystemFamily: "WINDOWS_SERVER_2022_CORE" }), [windows, windows]);
});

test("container dependencies need an attribute", () => {
  const containerDefinitions = [
    { ...plain, dependsOn: [{ containerName: "b", condition: "START" }] },
    { ...plain, name: "b" },
  ];
  assert.deepEqual(attributes({}, { containerDefinitions }), ["container-ordering"]);
});
