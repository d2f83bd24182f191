import assert from "node:assert/strict";
import { test } from "node:test";
import { SmallAccount } from "../small-account.ts";

/** Registrations that AWS refused for users in 2026, each with the text they reported; then similar ones, which follow them. */
const app = { name: "app", image: "busybox", memory: 64 };
const b = { name: "b", image: "busybox", memory: 64 };
const fargate = { networkMode: "awsvpc", cpu: "256", memory: "512", requiresCompatibilities: ["FARGATE"] };
const containers = (...changes: object[]) => ({
  containerDefinitions: changes.map((change, index) => ({ ...(index === 0 ? app : b), ...change })),
});
const efs = (efsVolumeConfiguration: object) => ({
  volumes: [{ name: "v", efsVolumeConfiguration: { fileSystemId: "fs-12345678", ...efsVolumeConfiguration } }],
});
const files = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ type: "s3", value: `arn:aws:s3:::b/x${index}.env` }));
const awslogs = (options: object) => ({ logConfiguration: { logDriver: "awslogs", options } });
const proxy = (containerName: string, ...names: string[]) => ({
  networkMode: "awsvpc",
  proxyConfiguration: {
    type: "APPMESH",
    containerName,
    properties: names.map((name, index) => ({ name, value: String(index + 1) })),
  },
});
const role = "arn:aws:iam::111122223333:role/e";
const ports = (...portMappings: object[]) => ({ portMappings });

const observed: readonly (readonly [object, string])[] = [
  [
    containers({ logConfiguration: { logDriver: "awsfirelens" } }),
    "When awsfirelens log driver is specified in log configuration, a firelens configuration object must be configured in one of the containers.",
  ],
  [
    containers({}, { firelensConfiguration: { type: "fluentbit" } }),
    "When a firelensConfiguration object is specified, at least one container has to be configured with the awsfirelens log driver.",
  ],
  [
    containers({ dependsOn: [{ containerName: "nope", condition: "START" }] }),
    "Cannot depend on container + 'nope' because it does not exist",
  ],
  [
    containers({ dependsOn: [{ containerName: "b", condition: "HEALTHY" }] }, {}),
    "A dependency container with HEALTHY condition must have health check configured",
  ],
  [
    containers({ dependsOn: [{ containerName: "b", condition: "COMPLETE" }] }, {}),
    "A dependency container with SUCCESS or COMPLETE condition cannot be an essential container",
  ],
  [
    efs({
      rootDirectory: "/x",
      transitEncryption: "ENABLED",
      authorizationConfig: { accessPointId: "fsap-0123456789abcdef0" },
    }),
    'When using an EFS access point, the root directory must either be set to "/" or be omitted.',
  ],
  [efs({ transitEncryptionPort: 2049 }), "TransitEncryptionPort requires that TransitEncryption is enabled."],
  [efs({ authorizationConfig: { iam: "ENABLED" } }), "EFS IAM authorization requires TransitEncryption to be enabled."],
  [
    containers({ environmentFiles: files(11) }),
    "The maximum number of environment files was exceeded. Specify ten or less and try again.",
  ],
  [containers({ environmentFiles: [{ type: "s3", value: "s3://b/x.env" }] }), "Invalid arn syntax."],
  [containers({ essential: false }), "Task definition doesn't have any essential container"],
  [
    { ...containers({ linuxParameters: { capabilities: { add: ["NET_ADMIN"] } } }), ...fargate },
    "NET_ADMIN is not allowed on Fargate.",
  ],
  [
    { networkMode: "awsvpc", ...containers({ dnsServers: ["8.8.8.8"] }) },
    "DNS servers are not supported on container when networkMode=awsvpc.",
  ],
  [
    { networkMode: "awsvpc", ...containers({ extraHosts: [{ hostname: "h", ipAddress: "1.1.1.1" }] }) },
    "Extra hosts are not supported on container when networkMode=awsvpc.",
  ],
  [
    { networkMode: "awsvpc", ...containers({ hostname: "h" }) },
    "hostname is not supported on container when networkMode=awsvpc.",
  ],
  [
    { networkMode: "awsvpc", ...containers({ disableNetworking: true }) },
    "Disable Networking is not supported on container when networkMode=awsvpc.",
  ],
  [{ networkMode: "awsvpc", ...containers({ links: ["b"] }, {}) }, "Links are not supported when networkMode=awsvpc."],
  [
    { ephemeralStorage: { sizeInGiB: 30 }, requiresCompatibilities: ["EC2"] },
    "Tasks using the EC2 launch type do not support EphemeralStorage.",
  ],
  [{ ...fargate, ephemeralStorage: { sizeInGiB: 20 } }, "EphemeralStorage size should be at least 21"],
  [{ ...fargate, ephemeralStorage: { sizeInGiB: 201 } }, "EphemeralStorage size should be at most 200"],
  [
    { ...containers({ linuxParameters: { devices: [{ hostPath: "/dev/x" }] } }), ...fargate },
    "Fargate compatible task definitions do not support devices",
  ],
  [{ ...fargate, networkMode: "bridge" }, "Fargate only supports network mode 'awsvpc'."],
  [{ ...fargate, networkMode: undefined }, "Fargate only supports network mode 'awsvpc'."],
  [
    { ...containers({ privileged: true }), ...fargate },
    "Fargate requires that the 'privileged' setting be 'false' at the container level.",
  ],
  [
    { ...containers({ linuxParameters: { sharedMemorySize: 64 } }), ...fargate },
    "Fargate compatible task definitions do not support sharedMemorySize",
  ],
  [
    { ...containers({ linuxParameters: { maxSwap: 64 } }), ...fargate },
    "Fargate compatible task definitions do not support maxSwap",
  ],
  [
    { ...containers({ dockerSecurityOptions: ["no-new-privileges"] }), ...fargate },
    "Fargate compatible task definitions do not support dockerSecurityOptions",
  ],
  [{ ipcMode: "task", ...fargate }, "Fargate compatible task definitions do not support ipcMode"],
  [
    { placementConstraints: [{ type: "memberOf", expression: "attribute:a == b" }], ...fargate },
    "Fargate compatible task definitions do not support constraints",
  ],
  [
    { volumes: [{ name: "v", host: { sourcePath: "/v" } }], ...fargate },
    "Fargate compatible task definitions do not support sourcePath",
  ],
  [
    {
      ...fargate,
      runtimePlatform: { operatingSystemFamily: "WINDOWS_SERVER_2019_CORE" },
      cpu: "512",
      memory: "2048",
    },
    "No Fargate configuration exists for given values: 512 CPU, 2048 memory. See the Amazon ECS documentation for the valid values.",
  ],
  [
    { ...fargate, memory: "4096" },
    "No Fargate configuration exists for given values: 256 CPU, 4096 memory. See the Amazon ECS documentation for the valid values.",
  ],
  [
    {
      ...fargate,
      ...containers(awslogs({ "awslogs-group": "g", "awslogs-region": "r", "awslogs-stream-prefix": "p" })),
    },
    "Fargate requires task definition to have execution role ARN to support log driver awslogs.",
  ],
  [
    { ...fargate, executionRoleArn: role, ...containers(awslogs({ "awslogs-group": "g", "awslogs-region": "r" })) },
    "Fargate requires log configuration options to include awslogs-stream-prefix to support log driver awslogs.",
  ],
  [
    { ...fargate, ...containers({ logConfiguration: { logDriver: "json-file" } }) },
    "json-file is not a valid log driver. Must be one of [awslogs,splunk,awsfirelens]",
  ],
  [
    { ...fargate, ...containers({ stopTimeout: 300 }) },
    "Tasks using the Fargate launch type must have a container stop timeout of less than 120 seconds.",
  ],
  ...(
    [
      ["interval", 301, 300],
      ["timeout", 61, 60],
      ["retries", 11, 10],
      ["startPeriod", 301, 300],
    ] as const
  ).map(
    ([member, value, most]) =>
      [
        containers({ healthCheck: { command: ["CMD", "x"], [member]: value } }),
        `Health check ${member} must be less than or equal to the maximum allowed value ${most} for container 'app'`,
      ] as const,
  ),
  [
    { networkMode: "host", ...containers(ports({ containerPort: 80, hostPort: 81 })) },
    "When networkMode=host, the host ports and container ports in port mappings must match.",
  ],
  [containers({ mountPoints: [{ sourceVolume: "nope", containerPath: "/x" }] }), "Unknown volume 'nope'."],
  [
    containers({ volumesFrom: [{ sourceContainer: "nope" }] }),
    "Invalid 'volumesFrom' setting. Unknown container: 'nope'.",
  ],
  [
    {
      networkMode: "awsvpc",
      ...containers(ports({ containerPortRange: "8080-8090" }, { containerPortRange: "8085-8095" })),
    },
    "TCP container port '8085' is used multiple times in task when networkMode=awsvpc.",
  ],
  [
    { networkMode: "awsvpc", ...containers(ports({ containerPort: 80 }), ports({ containerPort: 80 })) },
    "TCP container port '80' is used multiple times in task when networkMode=awsvpc.",
  ],
  [proxy("app"), "Ingress port not found"],
  [proxy("zz", "ProxyIngressPort", "ProxyEgressPort", "AppPorts", "IgnoredUID"), "Proxy container [zz] does not exist"],
  [{ ...proxy("app"), networkMode: "host" }, "APPMESH proxy configuration is only supported in networkMode=awsvpc"],
  [containers(ports({ containerPortRange: "90-80" })), "Invalid 'containerPortRange' setting for container 'app'."],
  [
    containers(ports({ containerPortRange: "80-90", containerPort: 80 })),
    "Invalid port mapping for container 'app', cannot specify both single port and port range.",
  ],
  [
    containers({ memory: 256, memoryReservation: 512 }),
    "'memory' must be greater than or equal to 'memoryReservation'",
  ],
  [
    { memory: "512", ...containers({ memory: 1024 }) },
    "The 'memory' setting for container 'app' is greater than for the task",
  ],
  [
    { cpu: "256", ...containers({ cpu: 200 }, { cpu: 100 }) },
    "The sum of all container 'cpu' values cannot be greater than the value of the task 'cpu'.",
  ],
  [
    { pidMode: "host", ...fargate },
    "Tasks using the Fargate launch type do not support pidMode 'host'. The supported value for pidMode is 'task'.",
  ],
  [
    { ...containers({ resourceRequirements: [{ type: "GPU", value: "1" }] }), ...fargate },
    "Tasks using the Fargate launch type do not support GPU resource requirements",
  ],
  [
    { volumes: [{ name: "v", dockerVolumeConfiguration: { scope: "task" } }], ...fargate },
    "Fargate compatible task definitions do not support dockerVolumeConfiguration",
  ],
  [containers(awslogs({ "awslogs-region": "r" })), "Log driver awslogs requires options: awslogs-group"],
  [containers(awslogs({})), "Log driver awslogs requires options: awslogs-region, awslogs-group"],
  [
    containers(awslogs({ "awslogs-group": "g", "awslogs-region": "r", log_key: "log" })),
    "Log driver awslogs disallows options: log_key",
  ],
  [containers({ environment: [{ name: "", value: "x" }] }), "Environment variable name cannot be null or blank."],
  [containers({}, { name: "app" }), "Container names must be unique within a task definition"],
  [
    containers({ ulimits: [{ name: "nofile", softLimit: 2, hardLimit: 1 }] }),
    "Soft limit exceeds hard limit for ulimit nofile",
  ],
  [
    containers({ restartPolicy: { enabled: true, restartAttemptPeriod: 59 } }),
    "The 'restartAttemptPeriod' setting for container 'app' must be between 60 and 1800.",
  ],
  [{ volumes: [{ name: "v", configuredAtLaunch: true }] }, "Volumes [v] are not referenced by any of the containers"],
  [{ inferenceAccelerators: [{ deviceName: "d", deviceType: "t" }] }, "Unsupported field 'inferenceAccelerators'."],
  [{ tags: [] }, "Tags can not be empty."],
];

const siblings: readonly (readonly [object, string])[] = [
  ...[{}, { name: " " }, { value: "x" }].map(
    (entry) => [containers({ environment: [entry] }), "Environment variable name cannot be null or blank."] as const,
  ),
  [
    { executionRoleArn: role, ...containers({ secrets: [{ name: " ", valueFrom: "arn:aws:ssm:r:1:parameter/x" }] }) },
    "Secret name cannot be null or blank.",
  ],
  [
    { networkMode: "awsvpc", ...containers({ dnsSearchDomains: ["example.org"] }) },
    "DNS search domains are not supported on container when networkMode=awsvpc.",
  ],
  [
    { networkMode: "awsvpc", ...containers(ports({ containerPortRange: "80-90" }), ports({ containerPort: 85 })) },
    "TCP container port '85' is used multiple times in task when networkMode=awsvpc.",
  ],
  [
    {
      networkMode: "awsvpc",
      ...containers(ports({ containerPort: 53, protocol: "udp" }, { containerPort: 53, protocol: "udp" })),
    },
    "UDP container port '53' is used multiple times in task when networkMode=awsvpc.",
  ],
  [proxy("app", "ProxyIngressPort"), "Egress port not found"],
  [
    { ...fargate, ...containers({ startTimeout: 121 }) },
    "Tasks using the Fargate launch type must have a container start timeout of less than 120 seconds.",
  ],
  [
    { ...fargate, ...containers({ stopTimeout: 1 }) },
    "Granular stop timeout on container 'app' must be at least 2 seconds.",
  ],
  [
    containers({ healthCheck: { command: ["CMD", "x"], interval: 4 } }),
    "Health check interval must be greater than or equal to the minimum allowed value 5 for container 'app'",
  ],
  [
    efs({ authorizationConfig: { accessPointId: "fsap-1" } }),
    "EFS access points require TransitEncryption to be enabled.",
  ],
  [
    containers(
      { logConfiguration: { logDriver: "awsfirelens" } },
      {
        firelensConfiguration: {
          type: "fluentbit",
          options: { "config-file-type": "s3", "config-file-value": "s3://b/f.conf" },
        },
      },
    ),
    "Invalid arn syntax.",
  ],
];

for (const [request, text] of [...observed, ...siblings]) {
  test(`${text} ${JSON.stringify(request).slice(0, 120)}`, () => {
    const full = { family: "web", containerDefinitions: [app], ...request };
    assert.equal(new SmallAccount().refusal("RegisterTaskDefinition", full), `ClientException: ${text}`);
  });
}

test("similar but valid requests are accepted", () => {
  const accepted: readonly object[] = [
    { ...fargate, ...containers({ linuxParameters: { tmpfs: [{ containerPath: "/t", size: 64 }] } }) },
    { ...fargate, ...containers({ startTimeout: 120, stopTimeout: 120 }) },
    { ...containers({ stopTimeout: 300, startTimeout: 600 }) },
    { ...fargate, cpu: ".25 vcpu", memory: ".5 gb" },
    { ...fargate, cpu: "1 vCPU", memory: "2GB" },
    { networkMode: "awsvpc", ...containers(ports({ containerPort: 53 }, { containerPort: 53, protocol: "udp" })) },
    containers({ environmentFiles: [...files(9), { type: "s3", value: "arn:aws:s3:::b/no-suffix" }] }),
    efs({ transitEncryption: "ENABLED", transitEncryptionPort: 2049 }),
    containers(
      { logConfiguration: { logDriver: "awsfirelens", options: { Name: "http" } } },
      { firelensConfiguration: { type: "fluentbit" } },
    ),
    proxy("app", "ProxyIngressPort", "ProxyEgressPort", "AppPorts", "IgnoredUID"),
  ];
  for (const request of accepted) {
    const full = { family: "web", containerDefinitions: [app], ...request };
    assert.equal(new SmallAccount().refusal("RegisterTaskDefinition", full), "accepted", JSON.stringify(request));
  }
});

test("an image is checked part by part", () => {
  const digest = `@sha256:${"0aF".repeat(21)}1`;
  const refusalOf = (image: string) =>
    new SmallAccount()
      .refusal("RegisterTaskDefinition", { family: "web", containerDefinitions: [{ ...app, image }] })
      .replace("ClientException: Container.image ", "");
  for (const image of [
    "nginx",
    "nginx:1.27",
    "localhost:5000/a/b:tag",
    `nginx${digest}`,
    `nginx:1${digest}`,
    `registry.example/${"i".repeat(233)}${digest}`,
    "a".repeat(255),
    "Team/App#1:V_2",
  ]) {
    assert.equal(refusalOf(image), "accepted", image);
  }
  const characters = "contains invalid characters.";
  for (const image of [
    "a b",
    "$X",
    "a:",
    "a:b:c",
    "a:.x",
    `a:${"t".repeat(129)}`,
    "a//b",
    "/a",
    "a/",
    "host:port/a",
    "a:1/b:2/c",
    "a@sha256:12",
    "a@md5:00000000000000000000000000000000",
    "a@",
    `a${digest}${digest}`,
  ]) {
    assert.equal(refusalOf(image), characters, image);
  }
  assert.equal(refusalOf(":tag"), "repository should not be null or empty.");
  assert.equal(refusalOf(digest), "repository should not be null or empty.");
  assert.equal(refusalOf("a".repeat(256)), "should be 255 characters or less");
  assert.equal(refusalOf(`${"a".repeat(256)}${digest}`), "repository should be 255 characters or less");
});
