/** The sockets that agents open on the HTTP port: who may, and why others may not. */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { AgentChannel, AgentHello } from "../agent-protocol/connection.ts";
import type { AgentSessions } from "../agent-sessions/agent-sessions.ts";
import { HandshakeError } from "../agent-sessions/handshake-error.ts";
import { channelAt, clusterNameIn, helloFromUrl, instanceOf } from "../agent-sessions/hello-from-url.ts";
import { FrameError, messageOf, splitTelemetryFrame } from "../agent-sessions/telemetry-frame.ts";
import type { FrameReader } from "../agent-sessions/web-socket-connection.ts";
import type { AgentWebSocketServer, WebSocketServerOptions } from "../agent-sessions/web-socket-server.ts";
import type { ControlPlane } from "../cluster-runner/control-plane.ts";
import { OverloadError } from "../cluster-runner/runner-errors.ts";
import type { Clock } from "../lib/clock.ts";
import { WireError } from "../wire/errors.ts";
import type { Authenticate, Authenticated } from "./authenticate.ts";
import type { ServerLog } from "./log.ts";

/** LIMIT: two sockets of each of 5,000 agents and those that replace them; the rest of the port's connections is for calls. */
const socketsMax = 14_336;
/** LIMIT: refusals that the log has told of and need not again: agents that are refused come back for ever. */
const refusalsKnownMax = 16_384;
/** LIMIT: the part of a URL that names the agent and its instance. */
const urlLengthNoted = 384;

export type AgentSocketsOptions = {
  readonly authenticate: Authenticate;
  /** Whether the messages of the telemetry socket are signed with keys that are known here. */
  readonly checksSignatures: boolean;
  readonly controlPlane: Pick<ControlPlane, "agentStanding">;
  readonly sessions: Pick<AgentSessions, "accept">;
  readonly clock: Clock;
  readonly log: ServerLog;
  /** Others than the usual ones, for tests. */
  readonly limits?: WebSocketServerOptions["limits"];
};

type Admitted = { readonly channel: AgentChannel; readonly hello: AgentHello; readonly read: FrameReader };

export class AgentSockets {
  readonly #options: AgentSocketsOptions;
  #server: AgentWebSocketServer | null = null;
  #underWay = 0;
  #closing = false;
  readonly #refusalsKnown = new Set<string>();
  /** Handshakes that were refused, by the error. */
  readonly refusals = new Map<string, number>();

  constructor(options: AgentSocketsOptions) {
    this.#options = options;
  }

  /** True for a request that opens an agent's socket; every other offer of another protocol is answered as if it made none. */
  readonly shouldUpgrade = ({ method, url = "", headers }: IncomingMessage): boolean =>
    method === "GET" && headers.upgrade?.toLowerCase() === "websocket" && channelAt(splitUrl(url).path) !== null;

  /** Completes the handshake, or refuses it with an error that agents know. */
  readonly upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    // Until the handshake is over nobody else listens, and an error without a listener ends the process.
    socket.on("error", ignore);
    this.#underWay += 1;
    this.#admit(request, socket, head)
      .catch((error: unknown) => this.#refuse(socket, refusalOf(error), request.url ?? ""))
      .finally(() => {
        this.#underWay -= 1;
      });
  };

  /** Refuses new sockets and closes those that are open, so that their agents come back at once to whoever continues. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.#server?.close("The control plane is restarting.");
  }

  async #admit(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    if (this.#closing) throw restarting();
    const server = await this.#webSocketServer();
    if (server.size + this.#underWay > socketsMax) {
      throw new HandshakeError("ServerException", "There are too many connections.");
    }
    const { channel, hello, read } = await this.#admitted(request);
    if (this.#closing) throw restarting();
    server.complete(request, socket, head, { name: hello.containerInstanceArn, read }, (connection) => {
      socket.off("error", ignore);
      this.#options.sessions.accept(channel, hello, connection, { simulated: false, admitted: true });
    });
  }

  /** Finds out who connects, and whether that agent may. Rejects with HandshakeError or WireError. */
  async #admitted(request: IncomingMessage): Promise<Admitted> {
    const { authenticate, clock, controlPlane } = this.#options;
    const { path, query } = splitUrl(request.url ?? "");
    if (request.headers["transfer-encoding"] !== undefined || Number(request.headers["content-length"] ?? 0) !== 0) {
      throw new HandshakeError("BadRequestException", "The request has a body.");
    }
    const { headers } = request;
    const caller = await authenticate({ method: "GET", path, query, headers, body: "", nowMs: clock.wall() });
    if (caller.task !== undefined) throw new HandshakeError("AccessDeniedException", "A task is no agent.");
    const channel = channelAt(path) ?? "acs";
    const hello = helloFromUrl(channel, query);
    const found = instanceOf(hello);
    if (found === null) {
      throw new HandshakeError("InvalidInstanceException", "The ARN of the container instance is invalid.");
    }
    if (found.place.account !== caller.account) {
      throw new HandshakeError("AccessDeniedException", "The container instance belongs to another account.");
    }
    if ((clusterNameIn(hello) ?? found.place.cluster) !== found.place.cluster) {
      throw new HandshakeError("InvalidClusterException", "The container instance belongs to another cluster.");
    }
    const standing = await controlPlane.agentStanding(found.place, found.instanceId);
    if (standing !== "welcome") throw refusals[standing]();
    return { channel, hello, read: channel === "acs" ? messageOf : this.#telemetryReader(path, query, caller) };
  }

  /** Reads what comes on a telemetry socket: each message is signed as the request was that opened the socket. */
  #telemetryReader(path: string, query: string, { account }: Authenticated): FrameReader {
    const { authenticate, checksSignatures, clock } = this.#options;
    if (!checksSignatures) return readUnchecked;
    return async (frame) => {
      const { headers, text } = splitTelemetryFrame(frame);
      if (headers !== null) {
        try {
          const signed = { method: "GET", path, query, headers, body: text, nowMs: clock.wall() };
          const signer = await authenticate(signed);
          if (signer.account !== account) throw new FrameError("it is signed by another account");
        } catch (error) {
          throw error instanceof WireError ? new FrameError(error.message) : error;
        }
      }
      return messageOf(text);
    };
  }

  /** Loaded when the first agent comes: not every server has some, and all start sooner without. */
  async #webSocketServer(): Promise<AgentWebSocketServer> {
    if (this.#server !== null) return this.#server;
    const module = await import("../agent-sessions/web-socket-server.ts");
    if (this.#server === null) {
      const { clock, log, limits } = this.#options;
      this.#server = new module.AgentWebSocketServer({ clock, log: log.write, ...(limits && { limits }) });
      this.#server.onBadHandshake((socket, problem) =>
        this.#refuse(socket, new HandshakeError("BadRequestException", problem), ""),
      );
    }
    return this.#server;
  }

  #refuse(socket: Duplex, error: HandshakeError, url: string): void {
    this.refusals.set(error.type, (this.refusals.get(error.type) ?? 0) + 1);
    // What is wrong with the server is the same for all agents.
    const who = error.type === "ServerException" ? "" : url.slice(0, urlLengthNoted);
    const key = `${error.type} ${error.message} ${who}`;
    if (!this.#refusalsKnown.has(key)) {
      if (this.#refusalsKnown.size >= refusalsKnownMax) this.#refusalsKnown.clear();
      this.#refusalsKnown.add(key);
      const fields = { type: error.type, reason: error.message, ...(who && { url: who }) };
      if (error.status === 500)
        this.#options.log.write("error", { ...fields, err: error.cause }, "A handshake failed.");
      else this.#options.log.write("warn", fields, "An agent was refused.");
    }
    if (!socket.writable) {
      socket.destroy();
      return;
    }
    const body = error.body();
    const lines = [
      `HTTP/1.1 ${error.status} ${statusTexts[error.status] ?? "Error"}`,
      "connection: close",
      "content-type: application/x-amz-json-1.1",
      `content-length: ${Buffer.byteLength(body)}`,
      "",
      body,
    ];
    socket.once("finish", () => socket.destroy());
    socket.end(lines.join("\r\n"));
  }
}

const ignore = (): void => {};

const readUnchecked: FrameReader = (frame) => messageOf(splitTelemetryFrame(frame).text);

const restarting = (): HandshakeError => new HandshakeError("ServerException", "The control plane is restarting.");

const refusals = {
  inactive: () => new HandshakeError("InactiveInstanceException", "The container instance is not active."),
  unknown: () => new HandshakeError("InvalidInstanceException", "There is no such container instance."),
  "no-cluster": () => new HandshakeError("InvalidClusterException", "Cluster not found."),
} as const;

const statusTexts: Readonly<Record<number, string>> = {
  400: "Bad Request",
  403: "Forbidden",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

/** What an agent is told of an error: of the caller's signature, of the load, or of a bug. */
function refusalOf(error: unknown): HandshakeError {
  if (error instanceof HandshakeError) return error;
  if (error instanceof WireError) return new HandshakeError("AccessDeniedException", error.message);
  if (error instanceof OverloadError) return new HandshakeError("ServerException", "Too much work waits already.");
  const what = error instanceof Error ? error.name : "unknown";
  return new HandshakeError("ServerException", `The service failed (${what}).`, { status: 500, cause: error });
}

function splitUrl(url: string): { readonly path: string; readonly query: string } {
  const question = url.indexOf("?");
  return question === -1 ? { path: url, query: "" } : { path: url.slice(0, question), query: url.slice(question + 1) };
}
