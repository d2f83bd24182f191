import type { AgentEnd } from "../../agent/agent.ts";
import { ApiError } from "../../agent/remote/api-error.ts";
import { plainWords } from "../control-plane-check.ts";

/** AWS: exit codes of the official agent, so that the same supervisors work: restart, and don't restart. */
const exits = { again: 1, terminal: 5 } as const;

/** AWS: registration errors that a restart cannot fix. */
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

/** Why an agent ended and what to do about it, for a person. Null if it was asked to end. */
export function problemOf(end: AgentEnd, place: AgentPlace): string | null {
  const { endpoint, accessKeyId, cluster, dataDir } = place;
  const advice = `To register this machine again, move ${dataDir} away and restart the agent.`;
  switch (end.why) {
    case "stopped":
      return null;
    case "inactive":
      return `its container instance was deregistered; containers that it left keep running. ${advice}`;
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
    return `there is no cluster ${cluster} at ${endpoint}. Create it first: aws ecs create-cluster --endpoint-url ${endpoint} --cluster-name ${name}`;
  }
  return isForgotten(error) ? `${plain} It was deregistered while the agent was away. ${advice}` : plain;
}

/** The control plane no longer knows the container instance on the disk. */
const isForgotten = ({ message }: ApiError): boolean =>
  /^Container instance \S+ is inactive\.|^Referenced container instance \S+ not registered\./.test(message);

/** AWS: what a supervisor should do: bad requests stay bad, anything else may succeed later. */
export function exitCodeOf(end: AgentEnd): number {
  if (end.why === "stopped") return 0;
  if (end.why !== "refused") return exits.terminal;
  return end.error instanceof ApiError && terminalCodes.includes(end.error.code) ? exits.terminal : exits.again;
}

/** The process must not be restarted unchanged. The text says why. */
export class TerminalError extends Error {
  override readonly name = "TerminalError";
  readonly exitCode = exits.terminal;
}

/**
 * Throws TerminalError if the data directory belongs to an agent in another cluster. AWS: such an agent exits. `cluster` is a
 * name or an ARN; null is `default`.
 */
export function checkCluster(containerInstanceArn: string, cluster: string | null, dataDir: string): void {
  const [, was = ""] = /:container-instance\/([^/]+)\//.exec(containerInstanceArn) ?? [];
  const wanted = (cluster ?? "default").split("/").at(-1);
  if (was === "" || was === wanted) return;
  throw new TerminalError(
    `${dataDir} belongs to an agent in the cluster ${was}, not ${wanted}. Pass --cluster ${was}, or another --data-dir.`,
  );
}
