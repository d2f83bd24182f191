import type { EcsApi } from "../../agent-protocol/connection.ts";

/**
 * For an agent that was given no cluster: when there is none called `default`, it is made and the registration repeated. AWS: an
 * agent with a cluster of its own makes none.
 */
export function withDefaultCluster(api: EcsApi): EcsApi {
  return {
    async call(operation, request) {
      try {
        return await api.call(operation, request);
      } catch (error) {
        if (operation !== "RegisterContainerInstance" || !isClusterMissing(error)) throw error;
        await api.call("CreateCluster", { clusterName: "default" });
        return await api.call(operation, request);
      }
    },
  };
}

/** AWS: by the code of the error, or by its text. */
function isClusterMissing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error ? error.code : null;
  return code === "ClusterNotFoundException" || error.message.includes("Cluster not found.");
}
