import type { PayloadTask } from "../../agent-protocol/to-agent/payload.ts";
import type { PayloadContainer } from "../../agent-protocol/to-agent/payload-container.ts";
import { staticPorts } from "./host-ports.ts";

/** What a host registered, and what its agent books tasks against. */
export type HostResources = {
  /** 1024 CPU units are a core. */
  readonly cpuUnits: number;
  readonly memoryMiB: number;
  /** Host ports that no task may have. */
  readonly reservedPorts: { readonly tcp: readonly number[]; readonly udp: readonly number[] };
  readonly gpuIds: readonly string[];
};

/** What one task takes of its host. */
export type TaskNeeds = {
  readonly cpuUnits: number;
  readonly memoryMiB: number;
  /** Static host ports, as `tcp 80`. */
  readonly ports: readonly string[];
  readonly gpuIds: readonly string[];
};

/**
 * What is booked for a task; null for one that is not accounted for.
 * AWS: CPU and memory of the task, else the sums over its containers (of memory the reservation, else the limit); launch type
 * FARGATE is not accounted for.
 */
export function needsOf(order: PayloadTask, specs: readonly PayloadContainer[]): TaskNeeds | null {
  if (order.launchType === "FARGATE") return null;
  const sum = (amount: (spec: PayloadContainer) => number): number =>
    specs.reduce((all, spec) => all + amount(spec), 0);
  const networkMode = order.networkMode ?? "bridge";
  return {
    cpuUnits: order.cpu ? Math.round(order.cpu * 1_024) : sum(({ cpu }) => cpu ?? 0),
    memoryMiB: order.memory || sum(reservedMemoryMiB),
    ports: specs.flatMap(({ portMappings }) => staticPorts(portMappings ?? [], networkMode)),
    gpuIds: (order.associations ?? []).flatMap(({ type, name }) => (type === "gpu" ? [name] : [])),
  };
}

const bytesOfMiB = 1_048_576;

function reservedMemoryMiB({ memory, dockerConfig }: PayloadContainer): number {
  const bytes = memberOf(dockerConfig?.hostConfig ?? "{}", "MemoryReservation");
  return typeof bytes === "number" && bytes > 0 ? Math.ceil(bytes / bytesOfMiB) : (memory ?? 0);
}

function memberOf(json: string, name: string): unknown {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
  } catch {
    // Whoever creates the container reports it.
    return undefined;
  }
}

/** True when a task with `needs` fits beside those that are `booked`. */
export function fits(needs: TaskNeeds, host: HostResources, booked: readonly TaskNeeds[]): boolean {
  const free = {
    cpuUnits: booked.reduce((left, { cpuUnits }) => left - cpuUnits, host.cpuUnits),
    memoryMiB: booked.reduce((left, { memoryMiB }) => left - memoryMiB, host.memoryMiB),
  };
  if (needs.cpuUnits > free.cpuUnits || needs.memoryMiB > free.memoryMiB) return false;
  const taken = new Set([
    ...host.reservedPorts.tcp.map((port) => `tcp ${port}`),
    ...host.reservedPorts.udp.map((port) => `udp ${port}`),
    ...booked.flatMap(({ ports, gpuIds }) => [...ports, ...gpuIds.map(gpuKey)]),
  ]);
  return ![...needs.ports, ...needs.gpuIds.map(gpuKey)].some((key) => taken.has(key));
}

const gpuKey = (id: string): string => `gpu ${id}`;

/** A GPU of the task that the host does not have, or null. AWS: an agent without any ignores what tasks say of them. */
export function unknownGpu(needs: TaskNeeds, { gpuIds }: HostResources): string | null {
  return gpuIds.length === 0 ? null : (needs.gpuIds.find((id) => !gpuIds.includes(id)) ?? null);
}
