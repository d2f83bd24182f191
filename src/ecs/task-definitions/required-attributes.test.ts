import assert from "node:assert/strict";
import { test } from "node:test";
import { SmallAccount } from "../small-account.ts";

const plain = { name: "app", image: "nginx", memory: 64 };
const role = "arn:aws:iam::111122223333:role/ecsTaskExecutionRole";
const ecrImage = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/app:1";
const awslogs = { logDriver: "awslogs", options: { "awslogs-group": "g", "awslogs-region": "eu-central-1" } };

/** The names that a definition demands, with the prefixes taken off: `old:` stands for the longer one. */
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

test("a plain definition demands nothing", () => {
  assert.deepEqual(attributes({ portMappings: [{ containerPort: 80 }], cpu: 10 }, { cpu: "256", memory: "512" }), []);
});

test("each feature demands what agents call it", () => {
  const secret = (valueFrom: string) => [{ name: "KEY", valueFrom }];
  const manager = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:a";
  const options = (type: string, source: string) => ({ type, options: { "config-file-type": source } });
  const efs = { fileSystemId: "fs-1", transitEncryption: "ENABLED", authorizationConfig: { iam: "ENABLED" } };
  const cases: [container: object, request: object, expected: string[]][] = [
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
    [{ logConfiguration: { logDriver: "awsfirelens" } }, {}, ["old:logging-driver.awsfirelens"]],
    [{ firelensConfiguration: { type: "fluentbit" } }, {}, ["firelens.fluentbit"]],
    [{ firelensConfiguration: options("fluentd", "s3") }, {}, ["firelens.fluentd", "firelens.options.config.s3"]],
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
    [{ environmentFiles: [{ value: "arn", type: "s3" }] }, {}, ["env-files.s3"]],
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
    [{}, { volumes: [{ name: "a", configuredAtLaunch: true }] }, ["storage.ebs-task-volume-attach"]],
    [
      {},
      { networkMode: "awsvpc", proxyConfiguration: { containerName: "app" } },
      [docker(18), "aws-appmesh", "task-eni"],
    ],
    [{}, { networkMode: "host", enableFaultInjection: true }, ["fault-injection"]],
  ];
  for (const [container, request, expected] of cases) {
    assert.deepEqual(attributes(container, request), expected, JSON.stringify([container, request]));
  }
});

test("an order of containers is demanded", () => {
  const containerDefinitions = [
    { ...plain, dependsOn: [{ containerName: "b", condition: "START" }] },
    { ...plain, name: "b" },
  ];
  assert.deepEqual(attributes({}, { containerDefinitions }), ["container-ordering"]);
});
