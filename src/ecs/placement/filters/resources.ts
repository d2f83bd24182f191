import type { Need } from "../../documents/placement-request.ts";
import { amountOf, membersOf } from "../../documents/resource.ts";
import { limits } from "../../limits.ts";
import type { Candidate, PlacementFilter } from "../candidate.ts";

/** CPU units or MiB left on the instance. */
export const remaining = ({ instance, usage }: Candidate, name: "CPU" | "MEMORY"): number =>
  amountOf(instance.registeredResources, name) - (name === "CPU" ? usage.cpu : usage.memoryMiB);

export const cpuFits = (need: Need): PlacementFilter => ({
  reason: "RESOURCE:CPU",
  looksAt: "remainder",
  lacks: (candidate) => Math.max(0, need.cpu - remaining(candidate, "CPU")),
  explain: (candidate) => `Needs ${need.cpu} CPU units, ${remaining(candidate, "CPU")} are left.`,
});

export const memoryFits = (need: Need): PlacementFilter => ({
  reason: "RESOURCE:MEMORY",
  looksAt: "remainder",
  lacks: (candidate) => Math.max(0, need.memoryMiB - remaining(candidate, "MEMORY")),
  explain: (candidate) => `Needs ${need.memoryMiB} MiB of memory, ${remaining(candidate, "MEMORY")} are left.`,
});

/** The ids of the GPUs that no task holds, in registered order. */
export const freeGpus = ({ instance, usage }: Candidate): string[] =>
  instance.platformDevices.filter(({ id, type }) => type === "GPU" && !usage.gpuIds.has(id)).map(({ id }) => id);

export const gpusFit = (need: Need): PlacementFilter => ({
  reason: "RESOURCE:GPU",
  looksAt: "tasks",
  lacks: (candidate) => Math.max(0, need.gpus - freeGpus(candidate).length),
  explain: (candidate) => `Needs ${need.gpus} GPUs, ${freeGpus(candidate).length} are left.`,
});

function taken(need: Need, { instance, usage }: Candidate): string[] {
  const registered = {
    tcp: membersOf(instance.registeredResources, "PORTS"),
    udp: membersOf(instance.registeredResources, "PORTS_UDP"),
  };
  return [
    ...need.tcpPorts.filter((port) => usage.tcpPorts.has(port) || registered.tcp.includes(String(port))),
    ...need.udpPorts.filter((port) => usage.udpPorts.has(port) || registered.udp.includes(String(port))),
  ].map(String);
}

/** AWS: a fixed host port must be free, and an instance reserves at most 100 ports, including the agent's. */
export const portsFree = (need: Need): PlacementFilter => ({
  reason: "RESOURCE:PORTS",
  looksAt: "tasks",
  lacks(candidate) {
    const { instance, usage } = candidate;
    const reserved =
      usage.fixedPorts +
      membersOf(instance.registeredResources, "PORTS").length +
      membersOf(instance.registeredResources, "PORTS_UDP").length;
    const asked = need.tcpPorts.length + need.udpPorts.length;
    return taken(need, candidate).length + Math.max(0, reserved + asked - limits.reservedPortsPerInstance);
  },
  explain: (candidate) => `Host ports in use: ${taken(need, candidate).join(", ") || "100 are reserved"}.`,
});

/** A number that users registered on instances under their own name, such as licences. */
export function ownResourceFits({ name, value }: Need["resources"][number]): PlacementFilter {
  const left = ({ instance, usage }: Candidate) =>
    amountOf(instance.registeredResources, name) - (usage.resources.get(name) ?? 0);
  return {
    reason: `RESOURCE:${name}`,
    looksAt: "tasks",
    lacks: (candidate) => Math.max(0, value - left(candidate)),
    explain: (candidate) => `Needs ${value} of ${name}, ${left(candidate)} are left.`,
  };
}
