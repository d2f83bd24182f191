import { agentCapabilities, dockerLogDrivers } from "../agent-capabilities.ts";
import type { HostAttribute } from "../registration.ts";

/**
 * What a simulated host offers: what a host with Docker does if it has everything that the agent may use. EFS volumes need no folder
 * here, because nothing is written to them.
 */
export const simulatedCapabilities: readonly string[] = agentCapabilities({
  dockerApi: 44,
  logDrivers: dockerLogDrivers,
  taskLimits: true,
  credentials: true,
  services: true,
  efs: true,
  trunks: true,
});

/** The attributes of a simulated host: its capabilities, and the machine that it seems to be. */
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
    ...simulatedCapabilities.map((name) => ({ name })),
    ...(facts.gpuIds.length === 0 ? [] : gpu),
    { name: "ecs.capability.cni-plugin-version", value: "2026.01.0" },
    { name: "ecs.os-type", value: "linux" },
    { name: "ecs.os-family", value: "LINUX" },
    { name: "ecs.cpu-architecture", value: facts.architecture },
    { name: "ecs.vpc-id", value: "vpc-0123456789abcdef0" },
    { name: "ecs.subnet-id", value: `subnet-0123456789abcde0${facts.availabilityZone.slice(-1)}` },
  ];
}
