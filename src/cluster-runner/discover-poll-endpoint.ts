import { refuse } from "../ecs/refusals.ts";

/** Where agents open their sockets: commands at `endpoint`, telemetry at `telemetryEndpoint`. */
export type AgentEndpoints = { readonly endpoint: string; readonly telemetryEndpoint: string };

type DescribedClusters = { readonly clusters: readonly { readonly status: string }[] };
type DescribedInstances = { readonly failures: readonly object[] };

/**
 * Says where an agent connects. `ask` answers the calls that find out whether its cluster and instance exist.
 * AWS: the operation declares no ClusterNotFoundException, so an unknown cluster is refused with ClientException, an unknown instance with
 * InvalidParameterException. INACTIVE ones get the answer: an agent that is turned away when it connects waits for an hour, one that is
 * refused here asks again at once.
 */
export async function discoverPollEndpoint(
  request: { readonly cluster?: string; readonly containerInstance?: string },
  ask: (operation: "DescribeClusters" | "DescribeContainerInstances", request: object) => Promise<object>,
  endpoints: AgentEndpoints,
): Promise<object> {
  const { cluster, containerInstance } = request;
  const named = { clusters: cluster === undefined || cluster === "" ? [] : [cluster] };
  const { clusters } = (await ask("DescribeClusters", named)) as DescribedClusters;
  const [found] = clusters;
  if (found === undefined) refuse("ClientException", "Cluster not found.");
  if (found.status === "ACTIVE" && containerInstance !== undefined && containerInstance !== "") {
    const instances = { ...(cluster === undefined ? {} : { cluster }), containerInstances: [containerInstance] };
    const { failures } = (await ask("DescribeContainerInstances", instances)) as DescribedInstances;
    const id = containerInstance.slice(containerInstance.lastIndexOf("/") + 1);
    if (failures.length > 0) refuse("InvalidParameterException", `Referenced container instance ${id} not found.`);
  }
  return { endpoint: endpoints.endpoint, telemetryEndpoint: endpoints.telemetryEndpoint };
}
