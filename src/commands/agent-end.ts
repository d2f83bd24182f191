import type { AgentEnd } from "../agent/agent.ts";
import { ApiError } from "../agent/remote/api-error.ts";
import { plainWords } from "./control-plane-check.ts";

/** AWS: exit codes of the official agent, so that the same supervisors fit: come back, and stay away. */
const exits = { again: 1, terminal: 5 } as const;

/** AWS: errors of a registration that stay, whatever the supervisor does. */
const terminalCodes: readonly string[] = ["ClientException", "InvalidParameterException"];

export type AgentPlace = {
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly cluster: string;
  readonly dataDir: string;
};

/** Why a call failed, for a person. */
export function problemIn(error: unknown, endpoint: string, accessKeyId: string): string {
  if (error instanceof ApiError) return plainWords(error, endpoint, accessKeyId);
  return error instanceof Error ? error.message : String(error);
}

/** Why an agent does not go on and what to do about it, for a person; null when it was asked to end. */
export function problemOf(end: AgentEnd, place: AgentPlace): string | null {
  const { endpoint, accessKeyId, cluster, dataDir } = place;
  const anew = `To register this machine anew, move ${dataDir} away and start the agent again.`;
  switch (end.why) {
    case "stopped":
      return null;
    case "inactive":
      return `its container instance was deregistered; containers that it left run on. ${anew}`;
    case "displaced":
      return "its container instance has another agent.";
    case "refused":
      break;
  }
  const { error } = end;
  const plain = problemIn(error, endpoint, accessKeyId);
  if (!(error instanceof ApiError)) return plain;
  if (error.code === "ClusterNotFoundException") {
    const name = cluster.slice(cluster.lastIndexOf("/") + 1);
    return `there is no cluster ${cluster} at ${endpoint}. Make it first: aws ecs create-cluster --endpoint-url ${endpoint} --cluster-name ${name}`;
  }
  return isForgotten(error) ? `${plain} It was deregistered while the agent was away. ${anew}` : plain;
}

/** The container instance on the disk is not one of the control plane any more. */
const isForgotten = ({ message }: ApiError): boolean =>
  /^Container instance \S+ is inactive\.|^Referenced container instance \S+ not registered\./.test(message);

/** AWS: what a supervisor is to do: bad requests stay bad, anything else may pass. */
export function exitCodeOf(end: AgentEnd): number {
  if (end.why === "stopped") return 0;
  if (end.why !== "refused") return exits.terminal;
  return end.error instanceof ApiError && terminalCodes.includes(end.error.code) ? exits.terminal : exits.again;
}

/** The process must not be started again as it was; the text says why. */
export class TerminalError extends Error {
  override readonly name = "TerminalError";
  readonly exitCode = exits.terminal;
}

/**
 * Throws TerminalError when the data directory is of an agent in another cluster. AWS: such an agent stays away. `cluster` is a name
 * or an ARN; null is `default`.
 */
export function checkCluster(containerInstanceArn: string, cluster: string | null, dataDir: string): void {
  const [, was = ""] = /:container-instance\/([^/]+)\//.exec(containerInstanceArn) ?? [];
  const wanted = (cluster ?? "default").split("/").at(-1);
  if (was === "" || was === wanted) return;
  throw new TerminalError(
    `${dataDir} is of an agent in the cluster ${was}, not ${wanted}. Pass --cluster ${was}, or another --data-dir.`,
  );
}
