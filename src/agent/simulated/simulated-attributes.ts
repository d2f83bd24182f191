import type { HostAttribute } from "../registration.ts";

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

/** The names of all of them, as attributes. */
export const agentCapabilities: readonly string[] = [
  ...ecsCapabilities.map((name) => `ecs.capability.${name}`),
  ...olderCapabilities.map((name) => `com.amazonaws.ecs.capability.${name}`),
  ...dockerApiMinors.map((minor) => `com.amazonaws.ecs.capability.docker-remote-api.1.${minor}`),
];

/** What a simulated host claims to support: everything, because its containers exist only as timers. */
export function simulatedAttributes(facts: {
  readonly gpuIds: readonly string[];
  readonly architecture: string;
  readonly availabilityZone: string;
}): readonly HostAttribute[] {
  const gpu = [
    { name: "ecs.capability.nvidia-driver-version.550.1" },
    { name: "ecs.capability.gpu-driver-version", value: "550.1" },
  ];
  return [
    ...agentCapabilities.map((name) => ({ name })),
    ...(facts.gpuIds.length === 0 ? [] : gpu),
    { name: "ecs.capability.cni-plugin-version", value: "2026.01.0" },
    { name: "ecs.os-type", value: "linux" },
    { name: "ecs.os-family", value: "LINUX" },
    { name: "ecs.cpu-architecture", value: facts.architecture },
    { name: "ecs.vpc-id", value: "vpc-0123456789abcdef0" },
    { name: "ecs.subnet-id", value: `subnet-0123456789abcde0${facts.availabilityZone.slice(-1)}` },
  ];
}
