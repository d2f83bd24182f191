/** The two sockets of an agent: commands (ACS) and telemetry (TCS). */
export type AgentChannel = "acs" | "tcs";

/** What an agent says of itself when it connects; on a WebSocket it stands in the URL. */
export type AgentHello = {
  /** Name or ARN, as the agent was configured. */
  readonly cluster: string;
  readonly containerInstanceArn: string;
  readonly agentVersion: string;
  readonly agentHash: string;
  /** As `DockerVersion: 25.0.8`. */
  readonly dockerVersion: string;
  /** True on the first connection of a process: it wants the credentials of all running tasks. */
  readonly sendCredentials: boolean;
};

/**
 * One end of a connection. Messages arrive in later turns than they were sent in, in order. After `close` neither
 * listener of this end is called again; `onClose` is for a close that came from the other end or from the network
 * (code 1006), or for a connection that was refused (its reason names the error).
 */
export interface AgentConnection {
  send(message: object): void;
  close(code: number, reason: string): void;
  onMessage(listener: (message: unknown) => void): void;
  onClose(listener: (code: number, reason: string) => void): void;
  /** For a connection that takes time to open: `listener` is called once when it stands. Without this it stands from the start. */
  onOpen?(listener: () => void): void;
}

/** The seam between agent and control plane. */
export interface AgentTransport {
  /** `endpoint` is what DiscoverPollEndpoint gave for this channel. Never throws: a failure arrives at `onClose`. */
  connect(channel: AgentChannel, hello: AgentHello, endpoint: string): AgentConnection;
}

/**
 * The ECS API as the agent uses it. Requests and replies are in API shape, times in epoch milliseconds. A call that is
 * refused rejects with an error whose `code` is ECS's; one that could not be made rejects with another code or none.
 */
export interface EcsApi {
  call(operation: string, request: object): Promise<object>;
}

/** The close code and word that send the agent of a deregistered instance away for good. */
export const inactiveInstance = { code: 1008, word: "InactiveInstanceException" } as const;

/** The word for a simulated host whose instance has a real agent. */
export const displacedWord = "DisplacedByAgent";

/** Why a connection is closed whose instance has connected anew; told to one that lives, two agents are the same instance. */
export const takenOverReason = "a newer connection has taken over";

/** Close codes after which an agent comes back at once. */
export const comeBackCodes: readonly number[] = [1000, 1001, 1011];
