import type { ContainerInstance } from "../documents/container-instance.ts";
import type { Resource } from "../documents/resource.ts";
import type { Usage } from "../indexes/resource-book.ts";
import type { ClusterState } from "../state/cluster-state.ts";

/**
 * What is left on `instance`: numbers minus what its tasks hold, GPUs minus those taken.
 * AWS: PORTS and PORTS_UDP are the reverse. They list what is in use: reserved ports and those of tasks.
 */
export function remainingResources(state: ClusterState, instance: ContainerInstance): Resource[] {
  const usage = state.book.usageOf(instance.id);
  return instance.registeredResources.map((resource) => remainder(resource, usage));
}

function remainder(resource: Resource, usage: Usage): Resource {
  if (resource.type === "STRINGSET") {
    switch (resource.name) {
      case "PORTS":
        return { ...resource, values: portsInUse(resource.values, usage.tcpPorts) };
      case "PORTS_UDP":
        return { ...resource, values: portsInUse(resource.values, usage.udpPorts) };
      case "GPU":
        return { ...resource, values: resource.values.filter((id) => !usage.gpuIds.has(id)) };
      default:
        return resource;
    }
  }
  if (resource.name === "CPU") return { ...resource, value: resource.value - usage.cpu };
  if (resource.name === "MEMORY") return { ...resource, value: resource.value - usage.memoryMiB };
  const taken = usage.resources.get(resource.name);
  return taken === undefined ? resource : { ...resource, value: resource.value - taken };
}

function portsInUse(reserved: readonly string[], taken: ReadonlyMap<number, number>): readonly string[] {
  if (taken.size === 0) return reserved;
  const others = [...taken.keys()].sort((a, b) => a - b).map(String);
  return [...new Set([...reserved, ...others])];
}
