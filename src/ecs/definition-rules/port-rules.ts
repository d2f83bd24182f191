import type { NetworkMode, PortMapping } from "../documents/task-definition.ts";
import { limits } from "../limits.ts";
import { checkedText, checkOneOf, checkRange, refuseDefinition } from "./definition-checks.ts";
import type { RequestContainer } from "./task-definition-request.ts";

/**
 * The port mappings of a container with defaults: protocol tcp, and the host port by network mode. Refuses ports, ranges and names that the
 * mode or the API doesn't allow.
 */
export function checkedPortMappings(container: RequestContainer, networkMode: NetworkMode | null): PortMapping[] {
  const mappings = container.portMappings ?? [];
  if (mappings.length > 0 && networkMode === "none") {
    refuseDefinition("Port mappings are not supported when networkMode=none.");
  }
  let ranged = 0;
  return mappings.map((mapping) => {
    const { protocol = "tcp", appProtocol } = mapping;
    checkOneOf(protocol, ["tcp", "udp"], "Container.portMappings.protocol");
    checkOneOf(appProtocol, ["http", "http2", "grpc"], "Container.portMappings.appProtocol");
    if (appProtocol !== undefined) checkedText(mapping.name, "Container.portMappings.name");
    if (mapping.name !== undefined && !/^[a-z0-9][a-z0-9_-]{0,63}$/.test(mapping.name)) {
      refuseDefinition(
        "Container.portMappings.name must be 1 to 64 lower-case letters, digits, underscores and hyphens, and begin with no sign.",
      );
    }
    if (mapping.containerPortRange !== undefined) {
      ranged += checkedRange(mapping, networkMode, container.name ?? "");
      if (ranged > limits.portsPerPortRange)
        refuseDefinition(`Port ranges of a container can hold at most ${limits.portsPerPortRange} ports.`);
      return { ...mapping, protocol };
    }
    return { ...mapping, hostPort: checkedHostPort(mapping, networkMode), protocol };
  });
}

function checkedHostPort(mapping: PortMapping, networkMode: NetworkMode | null): number {
  const { containerPort, hostPort } = mapping;
  if (containerPort === undefined)
    refuseDefinition("Container.portMappings.containerPort should not be null or empty.");
  checkRange(containerPort, 1, 65_535, "Container.portMappings.containerPort");
  checkRange(hostPort, 0, 65_535, "Container.portMappings.hostPort");
  if (networkMode !== "host" && networkMode !== "awsvpc") return hostPort ?? 0;
  if (hostPort !== undefined && hostPort !== 0 && hostPort !== containerPort) {
    refuseDefinition(
      `When networkMode=${networkMode}, the host ports and container ports in port mappings must match.`,
    );
  }
  return containerPort;
}

/** How many ports the range has. AWS: a mapping has a range or single ports, not both, and the agent chooses the host's range. */
function checkedRange(mapping: PortMapping, networkMode: NetworkMode | null, containerName: string): number {
  if (mapping.containerPort !== undefined || mapping.hostPort !== undefined) {
    refuseDefinition(
      `Invalid port mapping for container '${containerName}', cannot specify both single port and port range.`,
    );
  }
  if (networkMode === "host") refuseDefinition("containerPortRange is not supported when networkMode=host.");
  const { first, last } = portsOf(mapping);
  if (!(first >= 1 && last <= 65_535 && first < last)) {
    refuseDefinition(`Invalid 'containerPortRange' setting for container '${containerName}'.`);
  }
  return last - first + 1;
}

/** The first and last container port of a mapping; NaN for an invalid range. */
function portsOf({ containerPort, containerPortRange }: PortMapping): {
  readonly first: number;
  readonly last: number;
} {
  if (containerPortRange === undefined)
    return { first: containerPort ?? Number.NaN, last: containerPort ?? Number.NaN };
  const [, from, to] = /^([0-9]{1,5})-([0-9]{1,5})$/.exec(containerPortRange) ?? [];
  return { first: Number(from), last: Number(to) };
}

/**
 * Refuses port names that two mappings of a task share, and ports that conflict: container ports under awsvpc, where containers share a
 * network, otherwise fixed host ports. AWS: users report the texts for awsvpc.
 */
export function checkSharedPorts(
  containers: readonly { readonly portMappings: readonly PortMapping[] }[],
  networkMode: NetworkMode | null,
): void {
  const names = new Set<string>();
  const hostPorts = new Set<string>();
  for (const { name, hostPort, protocol } of containers.flatMap((container) => container.portMappings)) {
    if (name !== undefined) {
      if (names.has(name)) {
        refuseDefinition(`When networkMode=${networkMode ?? "bridge"}, port mapping name is already used`);
      }
      names.add(name);
    }
    if (hostPort === undefined || hostPort === 0 || networkMode === "awsvpc") continue;
    const port = `${(protocol ?? "tcp").toUpperCase()} host port '${hostPort}'`;
    if (hostPorts.has(port)) refuseDefinition(`${port} is used multiple times in task.`);
    hostPorts.add(port);
  }
  if (networkMode === "awsvpc") checkContainerPorts(containers.flatMap((container) => container.portMappings));
}

function checkContainerPorts(mappings: readonly PortMapping[]): void {
  const taken = new Set<string>();
  for (const mapping of mappings) {
    const { first, last } = portsOf(mapping);
    for (let port = first; port <= last; port++) {
      const named = `${(mapping.protocol ?? "tcp").toUpperCase()} container port '${port}'`;
      if (taken.has(named)) refuseDefinition(`${named} is used multiple times in task when networkMode=awsvpc.`);
      taken.add(named);
    }
  }
}
