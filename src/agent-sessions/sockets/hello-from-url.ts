import type { AgentChannel, AgentHello } from "../../agent-protocol/connection.ts";
import type { ClusterPlace } from "../../cluster-runner/partitions/cluster-place.ts";
import { isPlace } from "../../cluster-runner/partitions/cluster-place.ts";
import { parseArn } from "../../ecs/arn.ts";
import { HandshakeError } from "./handshake-error.ts";

/** Where an agent opens its sockets, relative to the base from DiscoverPollEndpoint. */
export const socketPaths: Readonly<Record<AgentChannel, string>> = { acs: "/acs/ws", tcs: "/tcs/ws" };

/** The channel whose socket opens at `path`, or null. */
export function channelAt(path: string): AgentChannel | null {
  return path === socketPaths.acs ? "acs" : path === socketPaths.tcs ? "tcs" : null;
}

/** AWS: the channels use different names for the same parameters. */
const names = {
  acs: { cluster: "clusterArn", containerInstance: "containerInstanceArn" },
  tcs: { cluster: "cluster", containerInstance: "containerInstance" },
} as const;

/** AWS: the API shows the version with this prefix; the telemetry socket omits it. */
const dockerVersionPrefix = "DockerVersion: ";

/** LIMIT: an ARN with the longest names has about 350 characters, a version about 40; both are kept with the instance. */
const lengthMax = 512;

/**
 * Reads the query of the URL with which an agent opens a socket. Throws HandshakeError (BadRequestException) if it is malformed:
 * duplicate names, values that are too long or have control characters, no container instance, invalid flags or numbers.
 */
export function helloFromUrl(channel: AgentChannel, query: string): AgentHello {
  const values = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(query)) {
    if (values.has(name)) throw malformed(`${name.slice(0, 64)} appears twice`);
    if (value.length > lengthMax) throw malformed(`${name.slice(0, 64)} is too long`);
    if (/\p{Cc}/u.test(value)) throw malformed(`${name.slice(0, 64)} has control characters`);
    values.set(name, value);
  }
  const { cluster, containerInstance } = names[channel];
  const containerInstanceArn = values.get(containerInstance) ?? "";
  if (containerInstanceArn === "") throw malformed(`${containerInstance} is missing`);
  for (const name of ["protocolVersion", "seqNum"]) {
    if (!/^-?\d{0,18}$/.test(values.get(name) ?? "")) throw malformed(`${name} is not a number`);
  }
  const sendCredentials = values.get("sendCredentials") ?? "false";
  if (!/^(?:true|false|)$/i.test(sendCredentials)) throw malformed("sendCredentials is neither true nor false");
  return {
    cluster: values.get(cluster) ?? "",
    containerInstanceArn,
    agentVersion: values.get("agentVersion") ?? "",
    agentHash: values.get("agentHash") ?? "",
    dockerVersion: shownDockerVersion(values.get("dockerVersion") ?? ""),
    sendCredentials: sendCredentials.toLowerCase() === "true",
  };
}

function shownDockerVersion(version: string): string {
  return version === "" || version.startsWith(dockerVersionPrefix) ? version : `${dockerVersionPrefix}${version}`;
}

const malformed = (what: string): HandshakeError =>
  new HandshakeError("BadRequestException", `The query of the URL is malformed: ${what}.`);

/** The instance that a hello is for. The cluster of a short ARN is the one configured for the agent. */
export function instanceOf(hello: AgentHello): { readonly place: ClusterPlace; readonly instanceId: string } | null {
  const arn = parseArn(hello.containerInstanceArn);
  if (arn === null || arn.type !== "container-instance" || !isPlace(arn)) return null;
  const [first = "", second] = arn.path;
  const configured = clusterNameIn(hello);
  const cluster = second === undefined ? (configured ?? "default") : first;
  return {
    place: { account: arn.account, region: arn.region, cluster },
    instanceId: second ?? first.replaceAll("-", ""),
  };
}

/** The name of the cluster configured for the agent. Null if there is none. */
export function clusterNameIn(hello: AgentHello): string | null {
  return hello.cluster === "" ? null : (parseArn(hello.cluster)?.path[0] ?? hello.cluster);
}
