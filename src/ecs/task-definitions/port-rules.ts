import { limits } from "../limits.ts";
import { checkedText, checkOneOf, checkRange, refuseDefinition } from "./definition-checks.ts";
import type { NetworkMode, PortMapping } from "./task-definition.ts";
import type { RequestContainer } from "./task-definition-request.ts";

/**
 * The port mappings of a container with their defaults: protocol tcp, and the host port as the network mode has it.
 * Refuses ports, ranges and names that the mode or the API does not allow.
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
      ranged += checkedRange(mapping, networkMode);
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

/** How many ports the range holds. AWS: a range has no single ports beside it, and the agent chooses the host's. */
function checkedRange(mapping: PortMapping, networkMode: NetworkMode | null): number {
  if (mapping.containerPort !== undefined || mapping.hostPort !== undefined) {
    refuseDefinition("A port mapping with a containerPortRange can have neither a containerPort nor a hostPort.");
  }
  if (networkMode === "host") refuseDefinition("containerPortRange is not supported when networkMode=host.");
  const [, from, to] = /^([0-9]{1,5})-([0-9]{1,5})$/.exec(mapping.containerPortRange ?? "") ?? [];
  const first = Number(from);
  const last = Number(to);
  if (!(first >= 1 && last <= 65_535 && first < last)) {
    refuseDefinition(`The containerPortRange '${mapping.containerPortRange}' is invalid.`);
  }
  return last - first + 1;
}

/** Refuses port names that two mappings of a task share, and fixed host ports that could never be had together. */
export function checkSharedPorts(
  containers: readonly { readonly portMappings: readonly PortMapping[] }[],
  networkMode: NetworkMode | null,
): void {
  const names = new Set<string>();
  const hostPorts = new Set<string>();
  for (const { name, hostPort, protocol } of containers.flatMap((container) => container.portMappings)) {
    if (name !== undefined) {
      if (names.has(name)) refuseDefinition(`The port mapping name '${name}' is used more than once.`);
      names.add(name);
    }
    if (hostPort === undefined || hostPort === 0 || networkMode === "awsvpc") continue;
    const port = `${hostPort}/${protocol}`;
    if (hostPorts.has(port)) refuseDefinition(`The host port ${port} is used more than once.`);
    hostPorts.add(port);
  }
}
