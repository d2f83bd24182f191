import type { PayloadTask } from "../../agent-protocol/to-agent/payload.ts";
import type { PayloadContainer } from "../../agent-protocol/to-agent/payload-container.ts";
import { staticPorts } from "./host-ports.ts";

/** What a host registered. Its agent books tasks against it. */
export type HostResources = {
  /** 1024 CPU units are a core. */
  readonly cpuUnits: number;
  readonly memoryMiB: number;
  /** Host ports that no task may have. */
  readonly reservedPorts: { readonly tcp: readonly number[]; readonly udp: readonly number[] };
  readonly gpuIds: readonly string[];
};

/** What one task takes from its host. */
export type TaskNeeds = {
  readonly cpuUnits: number;
  readonly memoryMiB: number;
  /** Static host ports, such as `tcp 80`. */
  readonly ports: readonly string[];
  readonly gpuIds: readonly string[];
};

/**
 * What is booked for a task. Null if it is not accounted for.
 * AWS: CPU and memory of the task, or else the sums over its containers (for memory the reservation, or else the limit). Launch
 * type FARGATE is not accounted for.
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
    // Reported when the container is created.
    return undefined;
  }
}

/** What the tasks of a host have booked. The cost of a call depends on the task it is about, not on how many there are. */
export class BookedResources {
  #cpuUnits: number;
  #memoryMiB: number;
  /** How often each port and GPU is booked. Those that no task may have are booked permanently. */
  readonly #booked = new Map<string, number>();

  constructor({ cpuUnits, memoryMiB, reservedPorts }: HostResources) {
    this.#cpuUnits = cpuUnits;
    this.#memoryMiB = memoryMiB;
    for (const port of reservedPorts.tcp) this.#count(`tcp ${port}`, 1);
    for (const port of reservedPorts.udp) this.#count(`udp ${port}`, 1);
  }

  /** True if a task with these needs fits in addition to what is booked. */
  fits(needs: TaskNeeds): boolean {
    if (needs.cpuUnits > this.#cpuUnits || needs.memoryMiB > this.#memoryMiB) return false;
    return !keysOf(needs).some((key) => this.#booked.has(key));
  }

  book(needs: TaskNeeds): void {
    this.#change(needs, 1);
  }

  /** Releases what was booked. */
  release(needs: TaskNeeds): void {
    this.#change(needs, -1);
  }

  #change(needs: TaskNeeds, by: 1 | -1): void {
    this.#cpuUnits -= by * needs.cpuUnits;
    this.#memoryMiB -= by * needs.memoryMiB;
    for (const key of keysOf(needs)) this.#count(key, by);
  }

  #count(key: string, by: 1 | -1): void {
    const count = (this.#booked.get(key) ?? 0) + by;
    if (count === 0) this.#booked.delete(key);
    else this.#booked.set(key, count);
  }
}

const keysOf = ({ ports, gpuIds }: TaskNeeds): readonly string[] => [...ports, ...gpuIds.map(gpuKey)];

const gpuKey = (id: string): string => `gpu ${id}`;

/** A GPU of the task that the host does not have, or null. AWS: an agent without any GPU ignores those that tasks name. */
export function unknownGpu(needs: TaskNeeds, { gpuIds }: HostResources): string | null {
  return gpuIds.length === 0 ? null : (needs.gpuIds.find((id) => !gpuIds.includes(id)) ?? null);
}
