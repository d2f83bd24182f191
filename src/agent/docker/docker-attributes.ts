import type { HostAttribute } from "../registration.ts";
import type { DockerInfo, DockerVersion } from "./engine/docker-answers.ts";

/** The facts about a host with Docker that decide which tasks it can run. */
export type DockerFacts = {
  readonly info: DockerInfo;
  readonly version: DockerVersion;
  /** The Engine API version in use, such as `1.41`. */
  readonly apiVersion: string;
  readonly canLimitTasks: boolean;
  /** Whether the AWS SDKs in containers get credentials from the agent. */
  readonly hasEndpoints: boolean;
  /** What the agent gets from other services of AWS for its tasks. Null: nothing. */
  readonly services: { readonly efs: boolean } | null;
  /** The version of the GPU driver. Null without GPUs. */
  readonly gpuDriverVersion: string | null;
};

/** What this agent does on every Docker host, without the prefix `ecs.capability.`. */
const always = [
  "container-health-check",
  "container-ordering",
  "container-restart-policy",
  "docker-plugin.local",
  "full-sync",
  "increased-task-cpu-limit",
  "network.container-port-range",
  "pid-ipc-namespace-sharing",
  "task-eni",
];

/** What an agent with other services of AWS does: secrets, files, logins to registries, logs. */
const withServices = [
  "ecr-endpoint",
  "env-files.s3",
  "execution-role-awslogs",
  "execution-role-ecr-pull",
  "private-registry-authentication.secretsmanager",
  "secrets.asm.bootstrap.log-driver",
  "secrets.asm.environment-variables",
  "secrets.ssm.bootstrap.log-driver",
  "secrets.ssm.environment-variables",
];

/** AWS: the log drivers that ECS knows and Docker has. The agent itself does the work of awslogs. */
const logDrivers = ["json-file", "syslog", "journald", "gelf", "fluentd", "splunk"];

/** AWS: the names of Docker's architectures in the attribute `ecs.cpu-architecture`. */
const architectures: Readonly<Record<string, "x86_64" | "arm64">> = { amd64: "x86_64", arm64: "arm64" };

/** ECS's name for the engine's processor. x86_64 if the engine does not say. */
export const architectureOf = ({ Arch }: DockerVersion): "x86_64" | "arm64" => architectures[Arch ?? ""] ?? "x86_64";

/**
 * The attributes with which a host registers. Placement trusts them, so they list exactly what this agent does with this engine.
 * AWS: the names are those of the official agent.
 */
export function dockerAttributes(facts: DockerFacts): readonly HostAttribute[] {
  const { info, version, apiVersion, canLimitTasks, hasEndpoints, gpuDriverVersion, services } = facts;
  const offered = info.Plugins?.Log ?? [];
  const ours = services === null ? [] : ["awslogs"];
  const drivers = [...logDrivers.filter((driver) => offered.includes(driver)), ...ours, "none"];
  const older = [
    "privileged-container",
    ...drivers.map((driver) => `logging-driver.${driver}`),
    ...(hasEndpoints ? ["task-iam-role", "task-iam-role-network-host"] : []),
    ...(services === null ? [] : ["ecr-auth"]),
    ...remoteApis(apiVersion),
  ];
  const now = [
    ...always,
    ...(canLimitTasks ? ["task-cpu-mem-limit"] : []),
    ...(services === null ? [] : withServices),
    ...(services?.efs === true ? ["efs", "efsAuth"] : []),
  ];
  return [
    ...now.map((name) => ({ name: `ecs.capability.${name}` })),
    ...older.map((name) => ({ name: `com.amazonaws.ecs.capability.${name}` })),
    ...(gpuDriverVersion === null ? [] : gpuAttributes(gpuDriverVersion)),
    { name: "ecs.os-type", value: "linux" },
    { name: "ecs.os-family", value: "LINUX" },
    { name: "ecs.cpu-architecture", value: architectureOf(version) },
  ];
}

/** AWS: one attribute for each API version from 1.17 up to the one in use. */
function remoteApis(apiVersion: string): string[] {
  const newest = Number(apiVersion.split(".")[1] ?? "0");
  return Array.from({ length: Math.max(0, newest - 16) }, (_, i) => `docker-remote-api.1.${17 + i}`);
}

const gpuAttributes = (driverVersion: string): readonly HostAttribute[] => [
  { name: `ecs.capability.nvidia-driver-version.${driverVersion}` },
  { name: "ecs.capability.gpu-driver-version", value: driverVersion },
];
