/**
 * The connections of an HTTP port: how many there may be, and one request at a time on each. A connection either waits for its
 * client (for a request, for the rest of one, for an answer to be read) or for us. Those that wait for their clients can be closed
 * to make room, the one that waits longest first.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Server as TlsServer } from "node:tls";
import { FairShare } from "../../lib/fair-share.ts";
import { clientAddress } from "./client-address.ts";
import type { HttpLimits } from "./http-limits.ts";

/** A request and the response to it. */
export type Exchange = { readonly request: IncomingMessage; readonly response: ServerResponse };

export type HttpConnection = {
  /** Whose share it counts against: see {@link clientAddress}. */
  readonly address: string;
  /** Closes it at once, without an answer. */
  readonly cut: () => void;
  /** The request that is being read or answered. */
  current: Exchange | null;
  /** Requests that came before the answer to the current one was sent. */
  readonly pipelined: Exchange[];
  /** Whether an agent's WebSocket has taken it over. */
  upgraded: boolean;
  /** Bytes of bodies and of pipelined requests that are held for it. */
  heldBytes: number;
  /** Gives up the body that is being read, or null when none is. */
  giveUpBody: (() => void) | null;
};

export type HandleExchange = (exchange: Exchange, connection: HttpConnection) => void;

export class HttpConnections {
  readonly #limits: HttpLimits;
  readonly #open = new Set<HttpConnection>();
  readonly #bySocket = new WeakMap<Socket, HttpConnection>();
  /** Connections whose TLS handshake is not over, by the client's address and port. */
  readonly #inHandshake = new Map<string, HttpConnection>();
  readonly #waiting: FairShare<HttpConnection>;
  readonly #bodies: FairShare<HttpConnection>;

  constructor(limits: HttpLimits) {
    this.#limits = limits;
    const { waitingConnections, waitingPerAddress, bodyBytesUnderWay, bodyBytesPerAddress } = limits;
    this.#waiting = new FairShare({ total: waitingConnections, perOwner: waitingPerAddress }, (connection) =>
      connection.cut(),
    );
    const bodies = { total: bodyBytesUnderWay, perOwner: bodyBytesPerAddress };
    this.#bodies = new FairShare(bodies, (connection) => {
      connection.heldBytes = 0;
      if (connection.giveUpBody === null) connection.cut();
      else connection.giveUpBody();
    });
  }

  /** Takes over what comes to a server: `handle` is called with one request after the other of each connection. */
  serve(server: Server, handle: HandleExchange): void {
    server.on("connection", (socket: Socket) => this.#opened(socket, server instanceof TlsServer));
    server.on("secureConnection", (socket: Socket) => this.#secured(socket));
    const take = (request: IncomingMessage, response: ServerResponse) => this.#requested({ request, response }, handle);
    server.on("request", take);
    // Without a listener Node asks for the body before anybody has looked at the head.
    server.on("checkContinue", take);
  }

  of(socket: Socket): HttpConnection | null {
    return this.#bySocket.get(socket) ?? null;
  }

  /** A request has come completely: it is our turn. */
  working(connection: HttpConnection): void {
    this.#waiting.release(connection);
  }

  /** It is the client's turn: to send, or to read. */
  waits(connection: HttpConnection): void {
    if (!this.#open.has(connection) || connection.upgraded) return;
    this.#waiting.release(connection);
    this.#waiting.hold(connection, connection.address, 1);
  }

  /** A connection holds so many more bytes of a body, or fewer. */
  holdBytes(connection: HttpConnection, change: number): void {
    connection.heldBytes = Math.max(0, connection.heldBytes + change);
    if (connection.heldBytes === 0) this.#bodies.release(connection);
    else if (this.#open.has(connection)) this.#bodies.hold(connection, connection.address, connection.heldBytes);
  }

  /** A WebSocket takes a connection over; from now on it counts with the agents' sockets. */
  upgraded(connection: HttpConnection): void {
    connection.upgraded = true;
    this.#waiting.release(connection);
  }

  #opened(socket: Socket, isTls: boolean): void {
    const { remoteAddress } = socket;
    if (remoteAddress === undefined) {
      socket.destroy();
      return;
    }
    if (this.#open.size >= this.#limits.connections && !this.#makeRoom()) {
      socket.destroy();
      return;
    }
    const connection: HttpConnection = {
      address: clientAddress(remoteAddress),
      // What it holds is free at once: its last events come later, and must not take anything again.
      cut: () => {
        this.#closed(connection);
        socket.destroy();
      },
      current: null,
      pipelined: [],
      upgraded: false,
      heldBytes: 0,
      giveUpBody: null,
    };
    this.#open.add(connection);
    this.#bySocket.set(socket, connection);
    const peer = peerOf(socket);
    if (isTls) this.#inHandshake.set(peer, connection);
    socket.once("close", () => {
      if (isTls) this.#inHandshake.delete(peer);
      this.#closed(connection);
    });
    this.#waiting.hold(connection, connection.address, 1);
  }

  #secured(socket: Socket): void {
    const peer = peerOf(socket);
    const connection = this.#inHandshake.get(peer);
    if (connection === undefined) {
      socket.destroy();
      return;
    }
    this.#inHandshake.delete(peer);
    this.#bySocket.set(socket, connection);
  }

  #closed(connection: HttpConnection): void {
    this.#open.delete(connection);
    this.#waiting.release(connection);
    this.#bodies.release(connection);
    connection.pipelined.length = 0;
  }

  /** Closes the connection that has waited longest for its client; false when all of them wait for us. */
  #makeRoom(): boolean {
    const { oldest } = this.#waiting;
    if (oldest === null) return false;
    oldest.cut();
    return true;
  }

  #requested(exchange: Exchange, handle: HandleExchange): void {
    const { socket } = exchange.request;
    const connection = this.of(socket);
    if (connection === null || !this.#open.has(connection)) {
      socket.destroy();
      return;
    }
    if (connection.current === null) {
      this.#start(exchange, connection, handle);
      return;
    }
    if (connection.pipelined.length >= this.#limits.pipelinedRequests) {
      connection.cut();
      return;
    }
    connection.pipelined.push(exchange);
    // What was read already still comes; nothing more is read before this connection's turn.
    socket.pause();
    this.holdBytes(connection, this.#limits.pipelinedRequestBytes);
  }

  #start(exchange: Exchange, connection: HttpConnection, handle: HandleExchange): void {
    connection.current = exchange;
    this.waits(connection);
    exchange.response.once("close", () => {
      connection.current = null;
      this.waits(connection);
      const next = connection.pipelined.shift();
      if (next === undefined) return;
      this.holdBytes(connection, -this.#limits.pipelinedRequestBytes);
      if (connection.pipelined.length === 0) next.request.socket.resume();
      this.#start(next, connection, handle);
    });
    handle(exchange, connection);
  }
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
