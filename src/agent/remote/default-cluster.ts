import type { EcsApi } from "../../agent-protocol/connection.ts";

/**
 * For an agent without a configured cluster: if `default` does not exist, creates it and repeats the registration. AWS: an agent
 * with a configured cluster creates none. If the key may not create one, as an agent's may not, the first error remains.
 */
export function withDefaultCluster(api: EcsApi): EcsApi {
  return {
    async call(operation, request) {
      try {
        return await api.call(operation, request);
      } catch (error) {
        if (operation !== "RegisterContainerInstance" || !isClusterMissing(error)) throw error;
        await create(api, error);
        return await api.call(operation, request);
      }
    },
  };
}

async function create(api: EcsApi, missing: unknown): Promise<void> {
  try {
    await api.call("CreateCluster", { clusterName: "default" });
  } catch (error) {
    throw error instanceof Error && "code" in error && error.code === "AccessDeniedException" ? missing : error;
  }
}

/** AWS: by the code of the error, or by its text. */
function isClusterMissing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error ? error.code : null;
  return code === "ClusterNotFoundException" || error.message.includes("Cluster not found.");
}
