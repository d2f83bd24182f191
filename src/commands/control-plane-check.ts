import { ApiError } from "../agent/remote/api-error.ts";
import type { EcsApi } from "../agent-protocol/connection.ts";
import { StartError } from "../server/start-error.ts";

/** Codes of untrusted certificates. */
const untrustedCodes: readonly string[] = [
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
];

/** Codes of a call whose signature was refused. */
const keyCodes: readonly string[] = [
  "AccessDeniedException",
  "ExpiredTokenException",
  "IncompleteSignatureException",
  "InvalidSignatureException",
  "MissingAuthenticationTokenException",
  "UnrecognizedClientException",
];

export type ControlPlaneQuestion = {
  readonly api: EcsApi;
  readonly endpoint: string;
  readonly accessKeyId: string;
  /** Null: the default cluster, which is created if it is missing. */
  readonly cluster: string | null;
};

/**
 * Asks the control plane for the cluster before anybody joins it, and creates the default one if none was named, as agents do.
 * Rejects with StartError that says what is wrong and what to do: no answer, not ECS, a refused key, a missing cluster.
 */
export async function checkControlPlane({ api, endpoint, accessKeyId, cluster }: ControlPlaneQuestion): Promise<void> {
  try {
    const asked = cluster ?? "default";
    const exists = await isThere(api, asked);
    if (exists === true) return;
    if (cluster !== null || exists === "may-not-create") {
      const create = `aws ecs create-cluster --endpoint-url ${endpoint} --cluster-name ${asked.slice(asked.lastIndexOf("/") + 1)}`;
      throw new StartError(`There is no cluster ${asked} at ${endpoint}. Create it first: ${create}`);
    }
    await api.call("CreateCluster", { clusterName: asked });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    throw new StartError(plainWords(error, endpoint, accessKeyId), { cause: error });
  }
}

/** Whether the cluster exists and is ACTIVE. An agent key can't describe or create it, but it can ask where agents connect. */
async function isThere(api: EcsApi, cluster: string): Promise<boolean | "may-not-create"> {
  try {
    const { clusters } = (await api.call("DescribeClusters", { clusters: [cluster] })) as {
      readonly clusters?: readonly { readonly status?: string }[];
    };
    return clusters?.some(({ status }) => status === "ACTIVE") === true;
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== "AccessDeniedException") throw error;
  }
  try {
    await api.call("DiscoverPollEndpoint", { cluster });
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.code === "ClientException") return "may-not-create";
    throw error;
  }
}

/** Why a call failed, and what to do about it. */
export function plainWords({ code, status, message }: ApiError, endpoint: string, accessKeyId: string): string {
  if (untrustedCodes.includes(code)) {
    return `The certificate of ${endpoint} is not trusted (${code}). Pass --tls-ca FILE with the one that vouches for it.`;
  }
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return `The certificate of ${endpoint} belongs to another host. Pass an --endpoint with a name that it contains.`;
  }
  if (status === null) return `${message} Is a server there? \`berth serve\` and \`berth dev\` start one.`;
  if (code === "NotEcs") return `What answers at ${endpoint} is not an ECS control plane. ${message}`;
  if (keyCodes.includes(code)) return `${endpoint} refuses the access key ${accessKeyId}: ${message}`;
  return `${endpoint} refuses: ${message} (${code})`;
}
