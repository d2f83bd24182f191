import { agentCapabilities } from "../agent-capabilities.ts";
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

/** AWS: the names of Docker's architectures in the attribute `ecs.cpu-architecture`. */
const architectures: Readonly<Record<string, "x86_64" | "arm64">> = { amd64: "x86_64", arm64: "arm64" };

/** ECS's name for the engine's processor. x86_64 if the engine does not say. */
export const architectureOf = ({ Arch }: DockerVersion): "x86_64" | "arm64" => architectures[Arch ?? ""] ?? "x86_64";

/**
 * The attributes with which a host registers. Placement trusts them, so they list exactly what this agent does with this engine.
 */
export function dockerAttributes(facts: DockerFacts): readonly HostAttribute[] {
  const { info, version, apiVersion, canLimitTasks, hasEndpoints, gpuDriverVersion, services } = facts;
  const capabilities = agentCapabilities({
    dockerApi: Number(apiVersion.split(".")[1] ?? "0"),
    logDrivers: info.Plugins?.Log ?? [],
    taskLimits: canLimitTasks,
    credentials: hasEndpoints,
    services: services !== null,
    efs: services?.efs === true,
    trunks: false,
  });
  return [
    ...capabilities.map((name) => ({ name })),
    ...(gpuDriverVersion === null ? [] : gpuAttributes(gpuDriverVersion)),
    { name: "ecs.os-type", value: "linux" },
    { name: "ecs.os-family", value: "LINUX" },
    { name: "ecs.cpu-architecture", value: architectureOf(version) },
  ];
}

const gpuAttributes = (driverVersion: string): readonly HostAttribute[] => [
  { name: `ecs.capability.nvidia-driver-version.${driverVersion}` },
  { name: "ecs.capability.gpu-driver-version", value: driverVersion },
];
