/**
 * The HTTP port: POST / for calls of the API, /health and /metrics for operators, and the sockets of agents. Anything else is answered
 * with an error of the API's form, or its connection is closed.
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from "fastify";
import { Bug, must } from "../../lib/assert.ts";
import {
  type IsBuiltIn,
  type RequestHead,
  routeBesideCompanion,
  routeOf,
  signingNameOf,
} from "../../wire/call-route.ts";
import { callErrorOf, type RenderedError, renderError, serializationError, WireError } from "../../wire/errors.ts";
import { renderForeignError } from "../../wire/protocols/foreign-error.ts";
import { Form } from "../../wire/protocols/form.ts";
import { ecs } from "../../wire/services.ts";
import { answeredInForm } from "../../wire/target.ts";
import type { CompanionDoor } from "../companion/companion-door.ts";
import { answerAndClose } from "../log/last-words.ts";
import {
  type AnswerStream,
  answerCall,
  type FrontDoor,
  type HttpAnswer,
  notBuiltIn,
  partsOf,
  type ResolvedCall,
  resolveCall,
} from "./answer-call.ts";
import { type Admission, type Asker, claimedKey, FairGate } from "./fair-gate.ts";
import { type ForeignRequestPolicy, foreignRefusal } from "./foreign-requests.ts";
import { type AnswerHead, HttpAnswers } from "./http-answers.ts";
import { HttpBodies, SlowBodyError } from "./http-bodies.ts";
import { type Exchange, type HttpConnection, HttpConnections } from "./http-connections.ts";
import { type HttpLimits, httpLimits } from "./http-limits.ts";
import { createHttpServer } from "./http-server.ts";
import { LargeAnswers } from "./large-answers.ts";
import { answerHealth, answerMetrics, type OperatorSources } from "./operator-answers.ts";

export type HttpOptions = FrontDoor &
  OperatorSources & {
    /** Which requests a web page could have sent, and are refused. */
    readonly foreign: ForeignRequestPolicy;
    /** Whether /metrics and the details of /health are only for callers with a key. */
    readonly operatorsNeedKey: boolean;
    /** The sockets of agents; without it nobody can open one. */
    readonly agentSockets?: {
      /** Whether a request that offers another protocol opens a socket; every other one is answered as a request. */
      readonly shouldUpgrade: (request: IncomingMessage) => boolean;
      readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
    };
    /** Certificate and key in PEM form; without them the port speaks plain HTTP. */
    readonly tls?: { readonly cert: string; readonly key: string } | null;
    /** Answers for the services that are not built in; null or absent for none. */
    readonly companion?: CompanionDoor | null;
    /** Others than {@link httpLimits}, for tests. */
    readonly limits?: Partial<HttpLimits>;
  };

/**
 * No route has a schema: requests are checked by the shapes of the API. Without compilers of our own Fastify would load Ajv, which
 * takes 40 of the 400 ms in which a server is to start.
 */
const noSchemas = {
  buildValidator: () => failOnSchema,
  buildSerializer: () => failOnSchema,
};

function failOnSchema(): never {
  throw new Bug("no route has a schema");
}

const contentType = "application/x-amz-json-1.1";

/** The HTTP port, not yet listening. */
export function createHttp(options: HttpOptions): FastifyInstance {
  return new HttpPort(options).app;
}

class HttpPort {
  readonly app: FastifyInstance;
  readonly #options: HttpOptions;
  readonly #connections: HttpConnections;
  readonly #bodies: HttpBodies;
  readonly #answers: HttpAnswers;
  readonly #largeAnswers: LargeAnswers;
  readonly #gate = new FairGate();
  readonly #resolved = new WeakMap<IncomingMessage, ResolvedCall>();
  readonly #admissions = new WeakMap<IncomingMessage, Admission>();

  constructor(options: HttpOptions) {
    const limits: HttpLimits = { ...httpLimits, ...options.limits };
    this.#options = options;
    this.#connections = new HttpConnections(limits);
    this.#bodies = new HttpBodies(limits, this.#connections, this.#gate);
    this.#answers = new HttpAnswers(limits, this.#connections);
    this.#largeAnswers = new LargeAnswers({ total: limits.largeAnswers, perAccount: limits.largeAnswersPerAccount });
    const { agentSockets, tls = null } = options;
    const shouldUpgrade = agentSockets?.shouldUpgrade ?? (() => false);
    this.app = fastify({
      // The log has a line per call with its operation, which Fastify's own does not know.
      logger: false,
      serverFactory: (handler) =>
        createHttpServer(
          { limits, connections: this.#connections, tls, shouldUpgrade, hasLongBodies: options.companion != null },
          (exchange, connection) => {
            const asker = this.#askerOf(exchange.request);
            const turn = this.#gate.pass(asker, gateBytes(exchange.request, limits.bodyBytes));
            const go = (): void => {
              const admission = { asker, look: this.#gate.look };
              this.#admissions.set(exchange.request, admission);
              if (exchange.response.destroyed || this.#isRefused(exchange, connection)) return;
              if (this.#isElsewhere(exchange, connection, admission)) return;
              handler(exchange.request, exchange.response);
            };
            if (turn === null) go();
            else void turn.then(go);
          },
        ),
      return503OnClosing: false,
      forceCloseConnections: "idle",
      genReqId: () => randomUUID(),
      schemaController: { compilersFactory: noSchemas },
      // A path that cannot be decoded is a path that is not there.
      frameworkErrors: (_error, request, reply) => void this.#send(request, reply, notThere(404)),
      clientErrorHandler: (error, socket) => this.#unreadable(error, socket),
    });
    (this.app.server as Server).on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
    readNoBodies(this.app);
    this.#addRoutes(limits);
  }

  #addRoutes(limits: HttpLimits): void {
    const { app } = this;
    // Before anything reads a body, of requests without a route too.
    app.addHook("onRequest", async (request, reply) => {
      if (!request.is404) return;
      const isWrongMethod = request.url === "/" || request.url.startsWith("/?");
      return this.#refuse(request, reply, notThere(isWrongMethod ? 405 : 404));
    });
    const frontDoor = { ...this.#options, largeAnswers: this.#largeAnswers };
    const resolve = async (request: FastifyRequest, reply: FastifyReply) => {
      const { id: requestId, method, headers, raw } = request;
      if (method === "GET" && !request.url.includes("Action=")) return this.#refuse(request, reply, notThere(405));
      const isGone = () => reply.raw.destroyed;
      const { remoteAddress } = raw.socket;
      const head = { requestId, method, url: raw.url ?? "/", remoteAddress, headers, isGone };
      const resolved = await resolveCall(this.#options, head);
      if ("refused" in resolved) return this.#send(request, reply, resolved.refused);
      this.#resolved.set(raw, resolved.call);
    };
    // AWS: calls of the query protocol may be GET requests.
    app.route({
      method: ["GET", "POST"],
      url: "/",
      exposeHeadRoute: false,
      onRequest: resolve,
      handler: async (request, reply) => {
        const call = this.#resolved.get(request.raw);
        const admission = this.#admissions.get(request.raw);
        const connection = this.#connections.of(request.raw.socket);
        if (call === undefined || admission === undefined || connection === null)
          throw new Bug("a call is resolved before its body is read");
        const body = await this.#bodies.read(
          { request: request.raw, response: reply.raw },
          connection,
          admission,
          call.service.bodyBytesMax ?? limits.bodyBytes,
        );
        this.#connections.working(connection);
        if (isForCompanion(call, body, this.#options)) return this.#passRead(request, reply, connection, call, body);
        return this.#send(request, reply, await answerCall(frontDoor, call, body));
      },
    });
    app.get("/health", async (request, reply) =>
      this.#send(request, reply, await answerHealth(this.#options, request)),
    );
    app.get("/metrics", async (request, reply) =>
      this.#send(request, reply, await answerMetrics(this.#options, request)),
    );
    app.setErrorHandler((error, request, reply) => {
      const rendered = renderRequestError(error, this.#resolved.get(request.raw) ?? null);
      if (rendered.status >= 500) {
        this.#options.log.write("request-failed", { requestId: request.id, err: error });
      }
      // What is left of a body that was given up is not read.
      if (!request.raw.complete) reply.raw.setHeader("connection", "close");
      return this.#refuse(request, reply, rendered);
    });
  }

  #askerOf({ socket, headers }: IncomingMessage): Asker {
    const address = this.#connections.of(socket)?.address ?? "";
    return { address, accessKeyId: claimedKey(headers.authorization) };
  }

  /** Refuses what a foreign web page may have sent. */
  #isRefused({ request, response }: Exchange, connection: HttpConnection): boolean {
    // After a request that offers another protocol Node no longer reports bytes that are no request, and their sender would wait.
    if (request.headers.upgrade !== undefined) response.setHeader("connection", "close");
    const refusal = foreignRefusal(request, this.#options.foreign);
    if (refusal === null) return false;
    const requestId = randomUUID();
    const head = headOf(request);
    const service = signingNameOf(head);
    const isOurs = service === null || service === ecs.signingName;
    const rendered = isOurs ? renderError(refusal) : renderForeignError(service, head, refusal, requestId);
    this.#options.metrics.record("", rendered.code, 0);
    const headers = {
      "x-amzn-RequestId": requestId,
      "content-type": rendered.contentType ?? contentType,
      ...rendered.headers,
    };
    this.#answers.send(response, connection, { status: rendered.status, headers }, rendered.body);
    return true;
  }

  /** Takes what is for a service that isn't built in to the companion, or answers it with an error that says so. */
  #isElsewhere(exchange: Exchange, connection: HttpConnection, admission: Admission): boolean {
    const { request, response } = exchange;
    const head = headOf(request);
    const { companion = null } = this.#options;
    const service = serviceElsewhere(
      head,
      this.#options.isBuiltIn,
      companion === null ? routeOf : routeBesideCompanion,
    );
    if (service === undefined || (companion === null && service === null)) return false;
    if (companion === null) {
      const requestId = randomUUID();
      const rendered = renderForeignError(service, head, notBuiltIn(service ?? ""), requestId);
      this.#options.metrics.record("", rendered.code, 0);
      this.#answerRaw(exchange, connection, {
        ...rendered,
        headers: { "x-amzn-RequestId": requestId, ...rendered.headers },
      });
      return true;
    }
    const readBody = (bytesMax: number) => this.#bodies.read(exchange, connection, admission, bytesMax);
    // It waits for the companion, and isn't closed to make room for others.
    this.#connections.working(connection);
    void companion.answer(exchange, service, head, readBody).then((error) => {
      if (error !== null && !response.headersSent && !response.destroyed) this.#answerRaw(exchange, connection, error);
    });
    return true;
  }

  /** Takes a call whose body had to be read first, to see what it is, to the companion. */
  async #passRead(
    request: FastifyRequest,
    reply: FastifyReply,
    connection: HttpConnection,
    { service, isSigned }: ResolvedCall,
    body: Uint8Array,
  ): Promise<FastifyReply> {
    reply.hijack();
    const exchange = { request: request.raw, response: reply.raw };
    const companion = must(this.#options.companion, "a companion");
    const error = await companion.answer(exchange, isSigned ? service.signingName : null, headOf(request.raw), body);
    if (error !== null && !reply.raw.headersSent && !reply.raw.destroyed) this.#answerRaw(exchange, connection, error);
    return reply;
  }

  /** Answers a request past Fastify. */
  #answerRaw({ request, response }: Exchange, connection: HttpConnection, answer: RenderedError): void {
    const headers = { "content-type": answer.contentType ?? contentType, ...answer.headers };
    const isOpen = isEndless(request);
    this.#answers.send(
      response,
      connection,
      { status: answer.status, headers: isOpen ? { ...headers, connection: "close" } : headers },
      answer.body,
    );
  }

  #refuse(request: FastifyRequest, reply: FastifyReply, rendered: RenderedError): FastifyReply {
    if (rendered.status === 405) reply.raw.setHeader("allow", "POST");
    this.#options.metrics.record("", rendered.code, 0);
    return this.#send(request, reply, rendered);
  }

  /** Past Fastify's own sending, which would add a charset to the content type that AWS does not have. */
  #send(request: FastifyRequest, reply: FastifyReply, answer: HttpAnswer): FastifyReply {
    reply.hijack();
    const { raw } = request;
    const connection = this.#connections.of(raw.socket);
    if (connection === null) {
      raw.socket.destroy();
      return reply;
    }
    const headers = {
      "x-amzn-RequestId": request.id,
      "content-type": answer.contentType ?? contentType,
      ...answer.headers,
    };
    const head = {
      status: answer.status,
      headers: isEndless(raw, answer.discardedBytesMax) ? { ...headers, connection: "close" } : headers,
    };
    if (answer.stream === undefined) this.#answers.send(reply.raw, connection, head, answer.body);
    else sendStream(reply.raw, head, answer.stream);
    return reply;
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const connection = this.#connections.of(request.socket);
    // A handshake behind a request that is not answered yet would mix its answer with that one's.
    if (connection === null || connection.current !== null) {
      socket.destroy();
      return;
    }
    this.#connections.upgraded(connection);
    const refusal = foreignRefusal(request, this.#options.foreign);
    socket.on("error", () => {});
    if (refusal === null) {
      const open = (): void => this.#options.agentSockets?.upgrade(request, socket, head);
      const turn = this.#gate.pass(this.#askerOf(request), 0);
      if (turn === null) open();
      else void turn.then(open);
      return;
    }
    const { code, body } = renderError(refusal);
    this.#options.metrics.record("", code, 0);
    answerAndClose(socket, "403 Forbidden", contentType, body);
  }

  /** Bytes that are no HTTP request, or not in time: an answer if it can still be given, then the end of the connection. */
  #unreadable(error: Error & { readonly code?: string }, socket: Socket): void {
    const current = this.#connections.of(socket)?.current ?? null;
    if (current?.request.complete === true) {
      // They follow a request that is still to be answered.
      current.response.once("close", () => socket.destroy());
      return;
    }
    const isHttp = error.code !== "ECONNRESET" && error.code?.startsWith("ERR_SSL") !== true;
    if (!isHttp || error.code === "ERR_TLS_HANDSHAKE_TIMEOUT" || current?.response.headersSent === true) {
      socket.destroy();
      return;
    }
    const { body } = renderError(serializationError("The bytes received are not a complete HTTP request."));
    answerAndClose(socket, unreadableStatuses[error.code ?? ""] ?? "400 Bad Request", contentType, body);
  }
}

/** Writes an answer as it comes, until it ends or nobody reads it. */
function sendStream(response: ServerResponse, { status, headers }: AnswerHead, stream: AnswerStream): void {
  response.writeHead(status, headers);
  const gone = stream.begin({
    write: (bytes) => void response.write(bytes),
    end: () => void response.end(),
    unsentBytes: () => response.writableLength,
  });
  if (response.destroyed) gone();
  else response.once("close", gone);
}

/**
 * What a request calls its service, if that isn't built in: null when it doesn't say. undefined for what is answered here: calls of built-in services, with
 * or without mistakes, and what operators ask.
 */
function serviceElsewhere(
  head: RequestHead,
  isBuiltIn: IsBuiltIn,
  findRoute: typeof routeOf,
): string | null | undefined {
  try {
    const route = findRoute(head, isBuiltIn);
    if (route.type !== "elsewhere") return undefined;
    const isOperators = route.service === null && (head.path === "/health" || head.path === "/metrics");
    return isOperators ? undefined : route.service;
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}

/** Whether a form is for the companion, because its operation is none that Berth answers. A form that can't be read is not. */
function isForCompanion(
  { service, operation, query }: ResolvedCall,
  body: Uint8Array,
  { companion = null }: Pick<HttpOptions, "companion">,
): boolean {
  if (companion === null || operation !== null || query !== null) return false;
  try {
    return answeredInForm(service, new Form(body)) === null;
  } catch (error) {
    if (error instanceof WireError) return false;
    throw error;
  }
}

function headOf({ method = "GET", url = "/", headers }: IncomingMessage): RequestHead {
  return { method, ...partsOf(url), headers };
}

/** The handlers read bodies themselves, when everything else about a request is in order. */
function readNoBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  // AWS's clients name their JSON in several ways, and some nothing at all.
  app.addContentTypeParser("*", (_request, _payload, done) => done(null));
}

/** Whether a request that is refused unread may send more than is worth reading for the sake of its connection. */
function isEndless(request: IncomingMessage, bytesMax: number = discardedBytesMax): boolean {
  if (request.complete) return false;
  return (
    request.headers["transfer-encoding"] !== undefined || Number(request.headers["content-length"] ?? 0) > bytesMax
  );
}

/** What a request counts at the gate: what it announces. A chunked body and the metrics of everything count as the largest. */
function gateBytes({ headers, url = "" }: IncomingMessage, largest: number): number {
  if (headers["transfer-encoding"] !== undefined || url.startsWith("/metrics")) return largest;
  return Math.min(Number(headers["content-length"] ?? 0) || 0, largest);
}

/** LIMIT: a body of a refused request is read and forgotten up to this size, unless its service has larger ones; beyond it the connection is closed. */
const discardedBytesMax = httpLimits.bodyBytes;

function notThere(status: 404 | 405): RenderedError {
  const text = "Calls of the ECS API are POST requests to /. There are also GET /health and GET /metrics.";
  return { ...renderError(new WireError("UnknownOperationException", text)), status };
}

/** What was wrong with a request before its call began, in the form of its service if that is known. */
function renderRequestError(error: unknown, call: ResolvedCall | null): RenderedError {
  if (call !== null && error instanceof WireError) {
    return call.service.protocol.renderError(call.service, callErrorOf(error), call.requestId);
  }
  if (error instanceof SlowBodyError) return { ...renderError(serializationError(error.message)), status: 408 };
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : null;
  if (typeof code === "string" && code.startsWith("FST_ERR_CTP_")) {
    return renderError(serializationError("The request body cannot be read."));
  }
  return renderError(error);
}

const unreadableStatuses: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
};
