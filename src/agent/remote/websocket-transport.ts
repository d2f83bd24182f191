import type { SecureContext } from "node:tls";
import type { AgentChannel, AgentConnection, AgentHello, AgentTransport } from "../../agent-protocol/connection.ts";
import { RemoteConnection } from "./remote-connection.ts";
import type { AgentCredentials } from "./request-signer.ts";
import { RequestSigner } from "./request-signer.ts";

/** What happens to an agent's sockets, for observers. */
export type SocketNews = {
  readonly channel: AgentChannel;
  readonly containerInstanceArn: string;
} & ({ readonly type: "open" } | { readonly type: "closed"; readonly code: number; readonly reason: string });

export type WebSocketTransportOptions = {
  readonly region: string;
  readonly credentials: AgentCredentials;
  /** Certificates in addition to the system's, from `trustedCertificates`. Null for none. */
  readonly trust: SecureContext | null;
  readonly onNews?: (news: SocketNews) => void;
};

/** AWS: the version of the command channel. With 2 the control plane closes it if heartbeats are not acknowledged. */
const protocolVersion = "2";

/** The sockets of agents to a remote control plane. One may serve any number of agents. */
export class WebSocketTransport implements AgentTransport {
  readonly #options: WebSocketTransportOptions;
  readonly #signer: RequestSigner;

  constructor(options: WebSocketTransportOptions) {
    this.#options = options;
    this.#signer = new RequestSigner({ ...options, service: "ecs" });
  }

  connect(channel: AgentChannel, hello: AgentHello, endpoint: string): AgentConnection {
    const { trust, onNews } = this.#options;
    const { containerInstanceArn } = hello;
    return new RemoteConnection({
      url: socketUrl(channel, hello, endpoint),
      signer: this.#signer,
      signsMessages: channel === "tcs",
      trust,
      onNews: (news) => onNews?.({ channel, containerInstanceArn, ...news }),
    });
  }
}

/**
 * Where the agent of `hello` opens its socket. Null if `endpoint` is not a web address. AWS: `ws` and a query after the endpoint.
 */
export function socketUrl(channel: AgentChannel, hello: AgentHello, endpoint: string): URL | null {
  if (!/^https?:\/\//.test(endpoint) || !URL.canParse(endpoint)) return null;
  const url = new URL(`${endpoint.replace(/\/$/, "")}/ws`);
  // Encoded by hand, because URLSearchParams turns a space into a plus and signers disagree about it.
  const query = Object.entries(channel === "acs" ? commandQuery(hello) : telemetryQuery(hello));
  url.search = query.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&");
  return url;
}

function commandQuery(hello: AgentHello): Readonly<Record<string, string>> {
  const { agentHash, agentVersion, cluster, containerInstanceArn, dockerVersion, sendCredentials } = hello;
  return {
    agentHash,
    agentVersion,
    clusterArn: cluster,
    containerInstanceArn,
    dockerVersion,
    protocolVersion,
    sendCredentials: String(sendCredentials),
    seqNum: "1",
  };
}

/** AWS: the telemetry socket uses other names, and gives Docker's version without a prefix. */
function telemetryQuery(hello: AgentHello): Readonly<Record<string, string>> {
  const { agentHash, agentVersion, cluster, containerInstanceArn, dockerVersion } = hello;
  return {
    agentHash,
    agentVersion,
    cluster,
    containerInstance: containerInstanceArn,
    dockerVersion: dockerVersion.replace(/^DockerVersion: /, ""),
  };
}
