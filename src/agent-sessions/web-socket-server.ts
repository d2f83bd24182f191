import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocket, WebSocketServer } from "ws";
import type { LogLevel } from "../cluster-runner/log.ts";
import type { Clock, Timer } from "../lib/clock.ts";
import {
  type ConnectionEnvironment,
  type ConnectionTerms,
  type SocketLimits,
  WebSocketConnection,
} from "./web-socket-connection.ts";

/**
 * LIMIT: the largest message of an agent has the metrics of ten tasks of ten containers, some 200 KiB, or a few thousand tasks that
 * the manifest does not name.
 */
const messageBytesMax = 1_048_576;
/** LIMIT: agents send each message in one frame, or a few. */
const fragmentsMax = 256;
/** LIMIT: a close is answered within a round trip; who does not answer is cut. */
const closeTimeoutMs = 5_000;
/** LIMIT: more than the tasks of most hosts together; an agent for which that much waits for half a minute does not read. */
const waitingBytesMax = 8_388_608;
/** LIMIT: of three looks, a connection that died without a word is known after at most three of these. */
const lookIntervalMs = 30_000;
/** LIMIT: at shutdown agents get this long to answer the close, so that the process ends within five seconds. */
const farewellMs = 1_000;

export type WebSocketServerOptions = {
  readonly clock: Clock;
  readonly log: (level: LogLevel, fields: Readonly<Record<string, unknown>>, message: string) => void;
  /** Others than above, for tests. */
  readonly limits?: Partial<SocketLimits>;
};

/** Completes the handshakes of agents that may connect, and looks after their sockets. */
export class AgentWebSocketServer {
  readonly #server: WebSocketServer;
  readonly #clock: Clock;
  readonly #environment: ConnectionEnvironment;
  readonly #open = new Set<WebSocketConnection>();
  #looking: Timer | null = null;
  #emptied: (() => void) | null = null;

  constructor({ clock, log, limits }: WebSocketServerOptions) {
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
      limits: { waitingBytes: waitingBytesMax, ...limits },
      note: ({ name }, problem) => log("warn", { containerInstance: name }, `agent ${problem}`),
      fault: ({ name }, error) =>
        log("error", { containerInstance: name, err: error }, "a message of an agent met a bug"),
    };
  }

  /** Open sockets, those that are closing included. */
  get size(): number {
    return this.#open.size;
  }

  /** `refuse` is called with what is wrong with a handshake that cannot be completed. */
  onBadHandshake(refuse: (socket: Duplex, problem: string) => void): void {
    this.#server.on("wsClientError", (error, socket) => refuse(socket, error.message));
  }

  /** Completes a handshake; `opened` is called within this call, or never when the connection is gone or the handshake is none. */
  complete(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    terms: ConnectionTerms,
    opened: (connection: WebSocketConnection) => void,
  ): void {
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      const connection = new WebSocketConnection(terms, webSocket, this.#environment);
      (webSocket as AgentWebSocket).hold(connection, this);
      this.#open.add(connection);
      this.#looking ??= this.#clock.setTimer(lookIntervalMs, () => this.#look());
      opened(connection);
    });
  }

  /** Closes every socket that was opened with this access key; from here on nothing that comes on them is taken. */
  closeOfKey(accessKeyId: string): void {
    for (const connection of [...this.#open]) {
      if (connection.accessKeyId === accessKeyId)
        connection.expel(1008, "AccessDeniedException: The access key has ended.");
    }
  }

  /** A socket is closed for good. */
  gone(connection: WebSocketConnection): void {
    this.#open.delete(connection);
    if (this.#open.size === 0) this.#emptied?.();
  }

  /** Closes every socket, so that agents come back at once; resolves when all are closed, or cut. */
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

/* The listeners are shared by all sockets: thousands of them shall cost little each. */

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
