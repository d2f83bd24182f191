/** What a host tells the control plane about itself. */
export type HostFacts = {
  /** CPU units, 1024 a core. */
  readonly cpu: number;
  readonly memoryMiB: number;
  readonly gpuIds: readonly string[];
  readonly account: string;
  readonly region: string;
  readonly availabilityZone: string;
  /** As EC2 names it, `i-` and 17 hex digits. */
  readonly instanceId: string;
  readonly instanceType: string;
  readonly imageId: string;
  readonly architecture: "x86_64" | "arm64";
  /** Sent with the first registration only. */
  readonly customAttributes: readonly { readonly name: string; readonly value?: string }[];
  readonly tags: readonly { readonly key: string; readonly value: string }[];
};

/** AWS: the ports that the agent and its host keep for themselves. */
const reservedPorts = ["22", "2375", "2376", "51678", "51679"];

/** AWS: the capabilities of the official agent on an EC2 instance with awsvpc and EBS support, without their prefix. */
const ecsCapabilities = [
  "private-registry-authentication.secretsmanager",
  "secrets.ssm.environment-variables",
  "secrets.asm.environment-variables",
  "secrets.ssm.bootstrap.log-driver",
  "secrets.asm.bootstrap.log-driver",
  "ecr-endpoint",
  "container-ordering",
  "full-sync",
  "env-files.s3",
  "network.container-port-range",
  "container-restart-policy",
  "task-cpu-mem-limit",
  "increased-task-cpu-limit",
  "execution-role-ecr-pull",
  "execution-role-awslogs",
  "container-health-check",
  "docker-plugin.local",
  "firelens.fluentd",
  "firelens.fluentbit",
  "firelens.non-root-user",
  "firelens.options.config.file",
  "firelens.options.config.s3",
  "logging-driver.awsfirelens.log-driver-buffer-limit",
  "efs",
  "efsAuth",
  "aws-appmesh",
  "task-eia",
  "task-eia.optimized-cpu",
  "fault-injection",
  "task-eni",
  "task-eni-trunking",
  "task-eni-block-instance-metadata",
  "pid-ipc-namespace-sharing",
  "execute-command",
  "service-connect-v1",
  "storage.ebs-task-volume-attach",
];

/** AWS: the older capabilities, under their longer prefix. */
const olderCapabilities = [
  "privileged-container",
  "ecr-auth",
  "task-iam-role",
  "task-iam-role-network-host",
  "logging-driver.json-file",
  "logging-driver.none",
  "logging-driver.syslog",
  "logging-driver.journald",
  "logging-driver.fluentd",
  "logging-driver.awslogs",
  "logging-driver.awsfirelens",
];

/** AWS: one attribute for each Docker API version that agent and daemon have in common, 1.17 to 1.44. */
const dockerApiMinors = Array.from({ length: 28 }, (_, i) => 17 + i);

/** The request of RegisterContainerInstance; with `containerInstanceArn` it is a registration anew. */
export function registrationRequest(
  facts: HostFacts,
  cluster: string,
  clientToken: string,
  containerInstanceArn: string | null,
): object {
  return {
    cluster,
    clientToken,
    instanceIdentityDocument: identityDocument(facts),
    instanceIdentityDocumentSignature: "simulated",
    totalResources: [
      { name: "CPU", type: "INTEGER", integerValue: facts.cpu },
      { name: "MEMORY", type: "INTEGER", integerValue: facts.memoryMiB },
      { name: "PORTS", type: "STRINGSET", stringSetValue: reservedPorts },
      { name: "PORTS_UDP", type: "STRINGSET", stringSetValue: [] },
    ],
    attributes: [...platformAttributes(facts), ...(containerInstanceArn === null ? facts.customAttributes : [])],
    ...(facts.gpuIds.length === 0 ? {} : { platformDevices: facts.gpuIds.map((id) => ({ id, type: "GPU" })) }),
    ...(containerInstanceArn === null ? {} : { containerInstanceArn }),
    ...(facts.tags.length === 0 || containerInstanceArn !== null ? {} : { tags: facts.tags }),
  };
}

/** AWS: the instance identity document, as far as ECS reads it. */
function identityDocument(facts: HostFacts): string {
  return JSON.stringify({
    accountId: facts.account,
    architecture: facts.architecture,
    availabilityZone: facts.availabilityZone,
    imageId: facts.imageId,
    instanceId: facts.instanceId,
    instanceType: facts.instanceType,
    region: facts.region,
    version: "2017-09-30",
  });
}

function platformAttributes(facts: HostFacts): readonly { readonly name: string; readonly value?: string }[] {
  const gpu = [
    { name: "ecs.capability.nvidia-driver-version.550.1" },
    { name: "ecs.capability.gpu-driver-version", value: "550.1" },
  ];
  return [
    ...ecsCapabilities.map((name) => ({ name: `ecs.capability.${name}` })),
    ...olderCapabilities.map((name) => ({ name: `com.amazonaws.ecs.capability.${name}` })),
    ...dockerApiMinors.map((minor) => ({ name: `com.amazonaws.ecs.capability.docker-remote-api.1.${minor}` })),
    ...(facts.gpuIds.length === 0 ? [] : gpu),
    { name: "ecs.capability.cni-plugin-version", value: "2026.01.0" },
    { name: "ecs.os-type", value: "linux" },
    { name: "ecs.os-family", value: "LINUX" },
    { name: "ecs.cpu-architecture", value: facts.architecture },
    { name: "ecs.vpc-id", value: "vpc-0123456789abcdef0" },
    { name: "ecs.subnet-id", value: `subnet-0123456789abcde0${facts.availabilityZone.slice(-1)}` },
  ];
}
