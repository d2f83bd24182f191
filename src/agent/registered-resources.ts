import type { HostResources } from "./engine/engine-resources.ts";

type Registered = {
  readonly totalResources?: readonly {
    readonly name: string;
    readonly integerValue?: number;
    readonly stringSetValue?: readonly string[];
  }[];
  readonly platformDevices?: readonly { readonly id: string; readonly type: string }[];
};

/** What an agent books tasks against: the resources in its RegisterContainerInstance request. */
export function registeredResources(request: object): HostResources {
  const { totalResources = [], platformDevices = [] }: Registered = request;
  const resource = (name: string) => totalResources.find((candidate) => candidate.name === name);
  const ports = (name: string) => (resource(name)?.stringSetValue ?? []).map(Number);
  return {
    cpuUnits: resource("CPU")?.integerValue ?? 0,
    memoryMiB: resource("MEMORY")?.integerValue ?? 0,
    reservedPorts: { tcp: ports("PORTS"), udp: ports("PORTS_UDP") },
    gpuIds: platformDevices.flatMap(({ id, type }) => (type === "GPU" ? [id] : [])),
  };
}
