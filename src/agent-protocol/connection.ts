/** The two sockets of an agent: commands (ACS) and telemetry (TCS). */
export type AgentChannel = "acs" | "tcs";

/** What an agent says about itself when it connects. On a WebSocket it is in the URL. */
export type AgentHello = {
  /** Name or ARN, as configured for the agent. */
  readonly cluster: string;
  readonly containerInstanceArn: string;
  readonly agentVersion: string;
  readonly agentHash: string;
  /** Such as `DockerVersion: 25.0.8`. */
  readonly dockerVersion: string;
  /** True on the first connection of a process: the agent needs the credentials of all running tasks. */
  readonly sendCredentials: boolean;
};

/**
 * One end of a connection. Messages arrive in order, in later turns than they were sent in. After `close`, neither listener of
 * this end is called again. `onClose` is for a close by the other end or the network (code 1006), or for a refused connection
 * (its reason names the error).
 */
export interface AgentConnection {
  send(message: object): void;
  close(code: number, reason: string): void;
  onMessage(listener: (message: unknown) => void): void;
  onClose(listener: (code: number, reason: string) => void): void;
  /**
   * For a connection that takes time to open: `listener` is called once when it is open. Connections without this method are open
   * from the start.
   */
  onOpen?(listener: () => void): void;
}

/** The interface between agent and control plane. */
export interface AgentTransport {
  /** `endpoint` is DiscoverPollEndpoint's answer for this channel. Never throws: a failure arrives at `onClose`. */
  connect(channel: AgentChannel, hello: AgentHello, endpoint: string): AgentConnection;
}

/**
 * The ECS API as the agent uses it. Requests and replies are in API shape, times in epoch milliseconds. A refused call rejects
 * with an error whose `code` is ECS's. One that could not be made rejects with another code or none.
 */
export interface EcsApi {
  call(operation: string, request: object): Promise<object>;
}

/** The close code and word that permanently turn away the agent of a deregistered instance. */
export const inactiveInstance = { code: 1008, word: "InactiveInstanceException" } as const;

/** The word for a simulated host whose instance has a real agent. */
export const displacedWord = "DisplacedByAgent";

/**
 * Why a connection is closed when its instance connects again. An agent that is alive and receives this shares its instance with
 * a second agent.
 */
export const takenOverReason = "a newer connection has taken over";

/** Close codes after which an agent reconnects at once. */
export const comeBackCodes: readonly number[] = [1000, 1001, 1011];
