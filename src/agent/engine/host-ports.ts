import type { PayloadPortMapping } from "../../agent-protocol/to-agent/payload-container.ts";
import type { PortBinding } from "../container-runtime.ts";

/** AWS: the range from which host ports are picked if a mapping names none (Linux's ephemeral ports). */
export const dynamicPorts = { first: 32_768, last: 60_999 } as const;

/** The ports of one host that containers use, by protocol. */
export type PortsInUse = { readonly tcp: ReadonlySet<number>; readonly udp: ReadonlySet<number> };

/** The ports of one agent's containers, updated as they come and go. */
export class ContainerPorts implements PortsInUse {
  readonly tcp = new Set<number>();
  readonly udp = new Set<number>();

  take(bindings: readonly PortBinding[]): void {
    for (const { protocol, hostPort, count } of bindings)
      for (let port = hostPort; port < hostPort + count; port++) this[protocol].add(port);
  }

  release(bindings: readonly PortBinding[]): void {
    for (const { protocol, hostPort, count } of bindings)
      for (let port = hostPort; port < hostPort + count; port++) this[protocol].delete(port);
  }
}

/** No ports used by anything but this agent's containers. */
export const nothingElse: PortsInUse = { tcp: new Set(), udp: new Set() };

export type Allocation =
  | { readonly ok: true; readonly bindings: readonly PortBinding[]; readonly cursor: number }
  | { readonly ok: false; readonly protocol: "tcp" | "udp"; readonly port: number };

/**
 * Picks the host ports of a container. The search for free ports begins at `cursor`, so that a port that was just released is not
 * reused at once. Fails with the port that is taken, or 0 if none is left. It never picks a port in `others`; the host decides
 * whether one that is requested by number is available.
 */
export function allocatePorts(
  mappings: readonly PayloadPortMapping[],
  networkMode: string,
  inUse: PortsInUse,
  cursor: number,
  others: PortsInUse = nothingElse,
): Allocation {
  if (networkMode === "awsvpc" || networkMode === "none") return { ok: true, bindings: [], cursor };
  const own = { tcp: new Set<number>(), udp: new Set<number>() };
  const bindings: PortBinding[] = [];
  let next = cursor;
  for (const mapping of mappings) {
    const protocol = mapping.protocol ?? "tcp";
    const { containerPort, count } = span(mapping);
    const fixed = networkMode === "host" ? containerPort : (mapping.hostPort ?? 0);
    const hostPort = fixed === 0 ? findFree([inUse[protocol], own[protocol], others[protocol]], count, next) : fixed;
    if (hostPort === null) return { ok: false, protocol, port: 0 };
    for (let port = hostPort; port < hostPort + count; port++) {
      if (inUse[protocol].has(port) || own[protocol].has(port)) return { ok: false, protocol, port };
      own[protocol].add(port);
    }
    if (fixed === 0) next = hostPort + count;
    bindings.push({ protocol, containerPort, hostPort, count });
  }
  return { ok: true, bindings, cursor: next };
}

/** The host ports that the mappings request by number, such as `tcp 80`. */
export function staticPorts(mappings: readonly PayloadPortMapping[], networkMode: string): readonly string[] {
  if (networkMode === "awsvpc" || networkMode === "none") return [];
  return mappings.flatMap((mapping) => {
    const { containerPort, count } = span(mapping);
    const first = networkMode === "host" ? containerPort : (mapping.hostPort ?? 0);
    return first === 0 ? [] : Array.from({ length: count }, (_, i) => `${mapping.protocol ?? "tcp"} ${first + i}`);
  });
}

function span(mapping: PayloadPortMapping): { readonly containerPort: number; readonly count: number } {
  const range = /^(\d+)-(\d+)$/.exec(mapping.containerPortRange ?? "");
  if (range === null) return { containerPort: mapping.containerPort ?? 0, count: 1 };
  const first = Number(range[1]);
  return { containerPort: first, count: Math.max(1, Number(range[2]) - first + 1) };
}

/** The first of `count` consecutive free ports at or after `cursor`, wrapping once. */
function findFree(taken: readonly ReadonlySet<number>[], count: number, cursor: number): number | null {
  const { first, last } = dynamicPorts;
  const size = last - first + 1;
  let candidate = cursor < first || cursor > last ? first : cursor;
  for (let tried = 0; tried < size; ) {
    if (candidate + count - 1 > last) {
      tried += last - candidate + 1;
      candidate = first;
      continue;
    }
    let clash = 0;
    for (let i = count; i > 0 && clash === 0; i--) if (taken.some((ports) => ports.has(candidate + i - 1))) clash = i;
    if (clash === 0) return candidate;
    tried += clash;
    candidate += clash;
  }
  return null;
}

/** The bindings in the form of a report. */
export function reportedBindings(bindings: readonly PortBinding[]): readonly object[] {
  return bindings.map(({ protocol, containerPort, hostPort, count }) =>
    count === 1
      ? { bindIP: "0.0.0.0", containerPort, hostPort, protocol }
      : {
          bindIP: "0.0.0.0",
          containerPortRange: `${containerPort}-${containerPort + count - 1}`,
          hostPortRange: `${hostPort}-${hostPort + count - 1}`,
          protocol,
        },
  );
}
