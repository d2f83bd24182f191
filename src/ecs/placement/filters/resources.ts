import { amountOf, membersOf } from "../../container-instances/resource.ts";
import { limits } from "../../limits.ts";
import type { Candidate, PlacementFilter } from "../candidate.ts";

/** CPU units or MiB that are left on the instance. */
const left = ({ instance, usage }: Candidate, name: "CPU" | "MEMORY"): number =>
  amountOf(instance.registeredResources, name) - (name === "CPU" ? usage.cpu : usage.memoryMiB);

export const cpuFits: PlacementFilter = {
  reason: "RESOURCE:CPU",
  lacks: (need, candidate) => Math.max(0, need.cpu - left(candidate, "CPU")),
  explain: (need, candidate) => `Needs ${need.cpu} CPU units, ${left(candidate, "CPU")} are left.`,
};

export const memoryFits: PlacementFilter = {
  reason: "RESOURCE:MEMORY",
  lacks: (need, candidate) => Math.max(0, need.memoryMiB - left(candidate, "MEMORY")),
  explain: (need, candidate) => `Needs ${need.memoryMiB} MiB of memory, ${left(candidate, "MEMORY")} are left.`,
};

/** The ids of the GPUs that no task holds, in registered order. */
export const freeGpus = ({ instance, usage }: Candidate): string[] =>
  instance.platformDevices.filter(({ id, type }) => type === "GPU" && !usage.gpuIds.has(id)).map(({ id }) => id);

export const gpusFit: PlacementFilter = {
  reason: "RESOURCE:GPU",
  lacks: (need, candidate) => (need.gpus === 0 ? 0 : Math.max(0, need.gpus - freeGpus(candidate).length)),
  explain: (need, candidate) => `Needs ${need.gpus} GPUs, ${freeGpus(candidate).length} are left.`,
};

function taken(need: { tcpPorts: readonly number[]; udpPorts: readonly number[] }, candidate: Candidate): string[] {
  const { instance, usage } = candidate;
  const registered = {
    tcp: membersOf(instance.registeredResources, "PORTS"),
    udp: membersOf(instance.registeredResources, "PORTS_UDP"),
  };
  return [
    ...need.tcpPorts.filter((port) => usage.tcpPorts.has(port) || registered.tcp.includes(String(port))),
    ...need.udpPorts.filter((port) => usage.udpPorts.has(port) || registered.udp.includes(String(port))),
  ].map(String);
}

/** AWS: a fixed host port must be free, and at most 100 ports are reserved on an instance, the agent's included. */
export const portsFree: PlacementFilter = {
  reason: "RESOURCE:PORTS",
  lacks(need, candidate) {
    const asked = need.tcpPorts.length + need.udpPorts.length;
    if (asked === 0) return 0;
    const { instance, usage } = candidate;
    const reserved =
      usage.fixedPorts +
      membersOf(instance.registeredResources, "PORTS").length +
      membersOf(instance.registeredResources, "PORTS_UDP").length;
    return taken(need, candidate).length + Math.max(0, reserved + asked - limits.reservedPortsPerInstance);
  },
  explain: (need, candidate) => `Host ports in use: ${taken(need, candidate).join(", ") || "100 are reserved"}.`,
};
