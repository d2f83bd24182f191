import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocket, WebSocketServer } from "ws";
import type { Clock, Timer } from "../../lib/clock.ts";
import { FairShare, type ShareBounds } from "../../lib/fair-share.ts";
import type { Log } from "../../lib/log-events.ts";
import { MessageMeters } from "../telemetry/message-meter.ts";
import {
  type ConnectionEnvironment,
  type ConnectionTerms,
  type SocketLimits,
  WebSocketConnection,
} from "./web-socket-connection.ts";

/**
 * LIMIT: the largest message of an agent has the metrics of ten tasks of ten containers, about 200 KiB, or a few thousand tasks
 * that the manifest does not name.
 */
const messageBytesMax = 1_048_576;
/** LIMIT: agents send each message in one frame, or a few. */
const fragmentsMax = 256;
/** LIMIT: a close is answered within a round trip; otherwise the connection is cut. */
const closeTimeoutMs = 5_000;
/** LIMIT: more than the tasks of most hosts together; an agent with that backlog for half a minute does not read. */
const waitingBytesMax = 8_388_608;
/**
 * LIMIT: bytes that wait for agents to read them: in total, and for one account (three quarters). Agents that read leave almost none. When it is full, the agent that has been stuck longest is disconnected.
 */
const unreadBytes = { total: 134_217_728, perOwner: 100_663_296 };
/** LIMIT: bytes of messages that agents have begun but not ended: about sixty of the largest, and thousands of usual ones. */
const unfinishedBytes = { total: 67_108_864, perOwner: 50_331_648 };
/** LIMIT: a connection that died silently is detected after at most three of these intervals. */
const lookIntervalMs = 30_000;
/** LIMIT: at shutdown agents get this long to answer the close, so that the process ends within five seconds. */
const farewellMs = 1_000;

export type WebSocketServerOptions = {
  readonly clock: Clock;
  readonly log: Log;
  /** Overrides of the limits above, for tests. */
  readonly limits?: Partial<SocketLimits>;
  readonly shares?: { readonly unread?: Partial<ShareBounds>; readonly unfinished?: Partial<ShareBounds> };
};

/** Completes the handshakes of agents that may connect, and manages their sockets. */
export class AgentWebSocketServer {
  readonly #server: WebSocketServer;
  readonly #clock: Clock;
  readonly #environment: ConnectionEnvironment;
  readonly #open = new Set<WebSocketConnection>();
  readonly #byAccount = new Map<string, number>();
  #looking: Timer | null = null;
  #emptied: (() => void) | null = null;

  constructor({ clock, log, limits, shares }: WebSocketServerOptions) {
    const options = {
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      autoPong: false,
      maxPayload: messageBytesMax,
      maxFragments: fragmentsMax,
      closeTimeout: closeTimeoutMs,
      WebSocket: AgentWebSocket,
    };
    this.#server = new WebSocketServer(options);
    this.#clock = clock;
    this.#environment = {
      clock,
      meters: new MessageMeters(),
      limits: { waitingBytes: waitingBytesMax, ...limits },
      unread: new FairShare<WebSocketConnection>({ ...unreadBytes, ...shares?.unread }, (connection) =>
        connection.crowdedOut("agent-not-reading"),
      ),
      unfinished: new FairShare<WebSocketConnection>({ ...unfinishedBytes, ...shares?.unfinished }, (connection) =>
        connection.crowdedOut("agent-messages-unfinished"),
      ),
      note: ({ name }, event, fields) => log(event, { containerInstance: name, ...fields }),
      fault: ({ name }, error) => log("agent-message-bug", { containerInstance: name, err: error }),
    };
  }

  /** Open sockets, including closing ones. */
  get size(): number {
    return this.#open.size;
  }

  /** The sockets of one account. */
  sizeOf(account: string): number {
    return this.#byAccount.get(account) ?? 0;
  }

  /** Calls `refuse` with the problem of a handshake that cannot be completed. */
  onBadHandshake(refuse: (socket: Duplex, problem: string) => void): void {
    this.#server.on("wsClientError", (error, socket) => refuse(socket, error.message));
  }

  /**
   * Completes a handshake. `opened` is called within this call, or never if the connection is gone or the handshake is invalid.
   */
  complete(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    terms: ConnectionTerms,
    opened: (connection: WebSocketConnection) => void,
  ): void {
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      const connection = new WebSocketConnection(webSocket, terms, this.#environment);
      (webSocket as AgentWebSocket).hold(connection, this);
      socket.on("data", (chunk: Buffer) => connection.arrived(chunk));
      this.#open.add(connection);
      this.#byAccount.set(connection.account, this.sizeOf(connection.account) + 1);
      this.#looking ??= this.#clock.setTimer(lookIntervalMs, () => this.#look());
      opened(connection);
    });
  }

  /** Closes every socket that this access key opened. From now on nothing that arrives on them is processed. */
  closeOfKey(accessKeyId: string): void {
    for (const connection of [...this.#open]) {
      if (connection.accessKeyId === accessKeyId)
        connection.expel(1008, "AccessDeniedException: The access key has ended.");
    }
  }

  /** A socket is closed for good. */
  gone(connection: WebSocketConnection): void {
    if (this.#open.delete(connection)) {
      connection.released();
      const left = this.sizeOf(connection.account) - 1;
      if (left === 0) this.#byAccount.delete(connection.account);
      else this.#byAccount.set(connection.account, left);
    }
    if (this.#open.size === 0) this.#emptied?.();
  }

  /** Closes every socket, so that agents return at once. Resolves when all are closed or cut. */
  async close(reason: string): Promise<void> {
    this.#looking?.cancel();
    if (this.#open.size > 0) {
      const emptied = Promise.withResolvers<void>();
      this.#emptied = emptied.resolve;
      for (const connection of [...this.#open]) connection.close(1001, reason);
      const cut = this.#clock.setTimer(farewellMs, () => {
        for (const connection of [...this.#open]) connection.terminate();
      });
      await emptied.promise;
      cut.cancel();
    }
    this.#server.close();
  }

  #look(): void {
    for (const connection of this.#open) connection.look();
    this.#looking = this.#open.size === 0 ? null : this.#clock.setTimer(lookIntervalMs, () => this.#look());
  }
}

class AgentWebSocket extends WebSocket {
  connection: WebSocketConnection | null = null;
  server: AgentWebSocketServer | null = null;

  hold(connection: WebSocketConnection, server: AgentWebSocketServer): void {
    this.connection = connection;
    this.server = server;
    this.on("message", onMessage);
    this.on("ping", onPing);
    this.on("pong", onPong);
    this.on("error", onError);
    this.on("close", onClose);
  }
}

/* All sockets share the listeners, so that thousands of them cost little each. */

// `binaryType` is left as it is, so that messages are Buffers.
function onMessage(this: WebSocket, data: unknown, isBinary: boolean): void {
  (this as AgentWebSocket).connection?.received(data as Buffer, isBinary);
}

function onPing(this: WebSocket, data: Buffer): void {
  (this as AgentWebSocket).connection?.pinged(data);
}

function onPong(this: WebSocket): void {
  (this as AgentWebSocket).connection?.ponged();
}

function onError(this: WebSocket, error: Error): void {
  (this as AgentWebSocket).connection?.failed(error);
}

function onClose(this: WebSocket, code: number, reason: Buffer): void {
  const { connection, server } = this as AgentWebSocket;
  if (connection === null) return;
  connection.closed(code, reason.toString("utf8"));
  server?.gone(connection);
}
