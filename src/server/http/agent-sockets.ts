/** The sockets that agents open on the HTTP port: who may, and why others may not. */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { AgentChannel, AgentHello } from "../../agent-protocol/connection.ts";
import type { AgentSessions } from "../../agent-sessions/agent-sessions.ts";
import { HandshakeError } from "../../agent-sessions/sockets/handshake-error.ts";
import { channelAt, clusterNameIn, helloFromUrl, instanceOf } from "../../agent-sessions/sockets/hello-from-url.ts";
import type { FrameReader, TakeTurn } from "../../agent-sessions/sockets/web-socket-connection.ts";
import type { AgentWebSocketServer, WebSocketServerOptions } from "../../agent-sessions/sockets/web-socket-server.ts";
import { FrameError, messageOf, splitTelemetryFrame } from "../../agent-sessions/telemetry/telemetry-frame.ts";
import { authorize, type Resource } from "../../auth/authorize.ts";
import { poll, startTelemetrySession } from "../../auth/permissions.ts";
import type { SignedHead } from "../../auth/sigv4.ts";
import type { ControlPlane } from "../../cluster-runner/control-plane.ts";
import type { ClusterPlace } from "../../cluster-runner/partitions/cluster-place.ts";
import { OverloadError } from "../../cluster-runner/runner-errors.ts";
import type { AgentStanding } from "../../ecs/agents/agent-standing.ts";
import { Refusal } from "../../ecs/refusals.ts";
import type { Caller } from "../../ecs/state/call.ts";
import type { Clock } from "../../lib/clock.ts";
import { type Rate, RequestRate } from "../../lib/request-rate.ts";
import { accessDenied, WireError } from "../../wire/errors.ts";
import { ecs } from "../../wire/services.ts";
import { answerAndClose } from "../log/last-words.ts";
import type { ServerLog } from "../log/log.ts";
import type { Authenticate, Authenticated } from "./authenticate.ts";
import { instanceResource } from "./request-resources.ts";

/** LIMIT: two sockets of each of 5,000 agents and those that replace them; the rest of the port's connections is for calls. */
const socketsMax = 14_336;
/** LIMIT: of those, the sockets of one account: three quarters, still two of each of 5,000 agents. */
const socketsPerAccount = 10_752;
/**
 * LIMIT: how often a socket of an instance may be opened, by one key and for each of its two channels: an agent whose sockets close at
 * once waits a quarter of a second and then ever longer, and each connection is a change of the instance and an event.
 */
const instanceRate: Rate = { perSecond: 1, burst: 20, askersMax: 20_000 };
/**
 * LIMIT: how often the agents of an account may open sockets: all that they may have at once, as after a restart of the server. Then as
 * many as keep coming from 5,000 agents that fail and wait for a minute after each attempt, and half as many again.
 */
const accountRate: Rate = { perSecond: 250, burst: socketsPerAccount, askersMax: 10_000 };
/** LIMIT: the part of a URL that names the agent and its instance. */
const urlLengthNoted = 384;

export type AgentSocketsOptions = {
  readonly authenticate: Authenticate;
  /** Which keys are good; null when signatures are not checked, those of messages on the telemetry socket included. */
  readonly keys: { isGood(accessKeyId: string): boolean } | null;
  readonly controlPlane: Pick<ControlPlane, "submit">;
  readonly sessions: Pick<AgentSessions, "accept">;
  /** Does `work` when it is the turn of a cluster of an account: at once, or later when others wait. */
  readonly takeTurn: <T>(account: string, cluster: string, work: () => T) => T | Promise<Awaited<T>>;
  readonly clock: Clock;
  readonly log: ServerLog;
  /** Others than the usual ones, for tests. */
  readonly limits?: WebSocketServerOptions["limits"];
  readonly rates?: { readonly instance?: Rate; readonly account?: Rate };
};

type Admitted = {
  readonly channel: AgentChannel;
  readonly hello: AgentHello;
  readonly account: string;
  readonly cluster: string;
  readonly read: FrameReader;
  /** The key that the request was signed with; null when none was checked. */
  readonly accessKeyId: string | null;
};

export class AgentSockets {
  readonly #options: AgentSocketsOptions;
  readonly #instanceRate: RequestRate;
  readonly #accountRate: RequestRate;
  #server: AgentWebSocketServer | null = null;
  #underWay = 0;
  #closing = false;
  /** Handshakes that were refused, by the error. */
  readonly refusals = new Map<string, number>();

  constructor(options: AgentSocketsOptions) {
    this.#options = options;
    this.#instanceRate = new RequestRate(options.rates?.instance ?? instanceRate, options.clock);
    this.#accountRate = new RequestRate(options.rates?.account ?? accountRate, options.clock);
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

  /** Closes the sockets that were opened with a key that has ended. */
  closeOfKey(accessKeyId: string): void {
    this.#server?.closeOfKey(accessKeyId);
  }

  async #admit(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    if (this.#closing) throw restarting();
    const server = await this.#webSocketServer();
    if (server.size + this.#underWay > socketsMax) {
      throw new HandshakeError("ServerException", "There are too many connections.");
    }
    const { channel, hello, account, cluster, read, accessKeyId } = await this.#admitted(request);
    if (this.#closing) throw restarting();
    // It may have ended while the cluster was asked; from here on `closeOfKey` finds the socket.
    if (accessKeyId !== null && this.#options.keys?.isGood(accessKeyId) === false) throw keyEnded();
    if (server.sizeOf(account) >= socketsPerAccount) {
      throw new HandshakeError("ServerException", "There are too many connections of this account.");
    }
    const takeTurn: TakeTurn = (work) => this.#options.takeTurn(account, cluster, work);
    const terms = { name: hello.containerInstanceArn, account, read, accessKeyId, takeTurn };
    server.complete(request, socket, head, terms, (connection) => {
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
    const authenticateBody = await authenticate(openedAt(path, query, headers, clock));
    const opener = await authenticateBody("");
    const channel = channelAt(path) ?? "acs";
    const hello = helloFromUrl(channel, query);
    const found = instanceOf(hello);
    if (found === null) {
      throw new HandshakeError("InvalidInstanceException", "The ARN of the container instance is invalid.");
    }
    if (found.place.account !== opener.account) {
      throw new HandshakeError("AccessDeniedException", "The container instance belongs to another account.");
    }
    if ((clusterNameIn(hello) ?? found.place.cluster) !== found.place.cluster) {
      throw new HandshakeError("InvalidClusterException", "The container instance belongs to another cluster.");
    }
    const instance = instanceResource(found.place, found.instanceId);
    checkMaySpeak(opener, channel, instance);
    this.#checkRate(opener, channel, instance);
    const standing = await standingIn(controlPlane, found, opener.caller);
    if (standing === "not-yours") throw denied(opener, channel, instance);
    if (standing !== "welcome") throw refusals[standing]();
    const read = channel === "acs" ? messageOf : this.#telemetryReader(path, query, opener, instance);
    const accessKeyId = opener.principal.type === "key" ? opener.principal.accessKeyId : null;
    return { channel, hello, account: opener.account, cluster: found.place.cluster, read, accessKeyId };
  }

  /** Each key has a rate of its own for an instance, so that one that may not speak for it keeps nobody else away. */
  #checkRate({ account, caller }: Authenticated, channel: AgentChannel, { arn }: Resource): void {
    const asker = `${channel} ${arn} ${caller.keyOrigin ?? ""}`;
    if (!this.#instanceRate.allows(asker) || !this.#accountRate.allows(account)) {
      throw new HandshakeError("ThrottlingException", "Rate exceeded");
    }
  }

  /** Reads what comes on a telemetry socket: each message is signed as the request was that opened the socket. */
  #telemetryReader(path: string, query: string, opener: Authenticated, instance: Resource): FrameReader {
    const { authenticate, keys, clock } = this.#options;
    if (keys === null) return readUnchecked;
    return async (frame) => {
      const { headers, text } = splitTelemetryFrame(frame);
      if (headers !== null) {
        try {
          const authenticateBody = await authenticate(openedAt(path, query, headers, clock));
          const signer = await authenticateBody(text);
          if (signer.account !== opener.account) throw new FrameError("it is signed by another account");
          checkMaySpeak(signer, "tcs", instance);
          const isOther = signer.caller.keyOrigin !== opener.caller.keyOrigin;
          if (signer.caller.ownInstancesOnly === true && isOther) throw denied(signer, "tcs", instance);
        } catch (error) {
          throw error instanceof WireError || error instanceof HandshakeError ? new FrameError(error.message) : error;
        }
      }
      return messageOf(text);
    };
  }

  /** Loaded when the first agent comes: not every server has some, and all start sooner without. */
  async #webSocketServer(): Promise<AgentWebSocketServer> {
    if (this.#server !== null) return this.#server;
    const module = await import("../../agent-sessions/sockets/web-socket-server.ts");
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
    const fields = { type: error.type, reason: error.message, ...(who && { url: who }) };
    if (error.status === 500) this.#options.log.write("agent-handshake-failed", { ...fields, err: error.cause });
    else this.#options.log.write("agent-refused", fields);
    const status = `${error.status} ${statusTexts[error.status] ?? "Error"}`;
    answerAndClose(socket, status, "application/x-amz-json-1.1", error.body());
  }
}

const ignore = (): void => {};

const readUnchecked: FrameReader = (frame) => messageOf(splitTelemetryFrame(frame).text);

const restarting = (): HandshakeError => new HandshakeError("ServerException", "The control plane is restarting.");

const keyEnded = (): HandshakeError => new HandshakeError("AccessDeniedException", "The access key has ended.");

/** AWS: sockets are opened with a signature for the API. */
const openedAt = (path: string, query: string, headers: SignedHead["headers"], clock: Clock): SignedHead => ({
  signingName: ecs.signingName,
  method: "GET",
  path,
  query,
  headers,
  nowMs: clock.wall(),
});

const socketActions = { acs: poll, tcs: startTelemetrySession } as const;

/** Whether an agent may connect for an instance as `caller`; `no-cluster` when there is no such cluster either. */
async function standingIn(
  controlPlane: Pick<ControlPlane, "submit">,
  { place, instanceId }: { readonly place: ClusterPlace; readonly instanceId: string },
  caller: Caller,
): Promise<AgentStanding | "no-cluster"> {
  const standing = await controlPlane.submit(place, { type: "agent-standing", instanceId, caller });
  if (standing !== "unknown") return standing as AgentStanding;
  const { account, region, cluster } = place;
  try {
    await controlPlane.submit({ account, region }, { type: "resolve-cluster", reference: cluster });
    return "unknown";
  } catch (error) {
    if (error instanceof Refusal) return "no-cluster";
    throw error;
  }
}

/** Refuses a caller whose role or clusters do not let it speak for the instance. */
function checkMaySpeak(caller: Authenticated, channel: AgentChannel, instance: Resource): void {
  const decision = authorize(caller.principal, socketActions[channel], [instance]);
  if (!decision.allowed) throw denied(caller, channel, instance);
}

function denied({ principal }: Authenticated, channel: AgentChannel, { arn }: Resource): HandshakeError {
  const { name } = socketActions[channel];
  const because = `no identity-based policy allows the ${name} action`;
  return new HandshakeError("AccessDeniedException", accessDenied(principal.arn, name, arn, because).message);
}

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
