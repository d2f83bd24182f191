/**
 * The HTTP port: POST / for calls of the API, /health and /metrics for operators, and the sockets of agents. Whatever else comes is
 * answered with an error of the API's form, or its connection is closed.
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type FastifyInstance, type FastifyReply, fastify } from "fastify";
import { Bug } from "../lib/assert.ts";
import {
  type RenderedError,
  renderError,
  requestTooLarge,
  serializationError,
  throttled,
  WireError,
} from "../wire/errors.ts";
import { answerCall, type FrontDoor, type HttpAnswer } from "./answer-call.ts";
import type { CallMetrics } from "./call-metrics.ts";
import { type HttpLimits, httpLimits } from "./http-limits.ts";

/** What /health says; anything but healthy is answered with status 503. */
export type Health = { readonly healthy: boolean; readonly [detail: string]: unknown };

export type HttpOptions = FrontDoor & {
  readonly health: () => Health;
  /** The text of /metrics and its content type. */
  readonly metricsText: () => Promise<{ readonly contentType: string; readonly text: string }>;
  /** The sockets of agents; without it nobody can open one. */
  readonly agentSockets?: {
    /** Whether a request that offers another protocol opens a socket; every other one is answered as a request. */
    readonly shouldUpgrade: (request: IncomingMessage) => boolean;
    readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  };
  /** Certificate and key in PEM form; without them the port speaks plain HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string } | null;
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
const emptyBody = new Uint8Array(0);

/** The HTTP port, not yet listening. */
export function createHttp(options: HttpOptions): FastifyInstance {
  const limits: HttpLimits = { ...httpLimits, ...options.limits };
  const { agentSockets, tls } = options;
  const nodeOptions = {
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersTimeoutMs,
    connectionsCheckingInterval: limits.timeoutCheckIntervalMs,
    shouldUpgradeCallback: (request: IncomingMessage) => agentSockets?.shouldUpgrade(request) ?? false,
  };
  const app = fastify({
    // The log has a line per call with its operation, which Fastify's own does not know.
    logger: false,
    bodyLimit: limits.bodyBytes,
    connectionTimeout: limits.idleSocketTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    http: nodeOptions,
    // Fastify asks whether it is there, not what it holds; the rest of its types is the same either way.
    ...(tls == null ? {} : { https: { ...nodeOptions, ...tls, minVersion: "TLSv1.2" as const } }),
    return503OnClosing: false,
    forceCloseConnections: "idle",
    genReqId: () => randomUUID(),
    schemaController: { compilersFactory: noSchemas },
    // A path that cannot be decoded is a path that is not there.
    frameworkErrors: (_error, _request, reply) => void send(reply as FastifyReply, notThere(404)),
    clientErrorHandler: answerUnreadable,
  });
  app.server.maxConnections = limits.connections;
  if (agentSockets !== undefined) app.server.on("upgrade", agentSockets.upgrade);
  boundBodies(app, limits, options.metrics);
  closeAfterUpgradeRequests(app);
  readBodiesAsBytes(app);

  app.post("/", async (request, reply) => {
    const body = request.body instanceof Uint8Array ? request.body : emptyBody;
    const url = request.raw.url ?? "/";
    return send(reply, await answerCall(options, { requestId: request.id, url, headers: request.headers, body }));
  });
  app.get("/health", (_request, reply) => {
    const health = options.health();
    return reply.code(health.healthy ? 200 : 503).send(health);
  });
  app.get("/metrics", async (_request, reply) => {
    const { contentType: type, text } = await options.metricsText();
    return reply.type(type).send(text);
  });
  app.setNotFoundHandler((request, reply) => {
    const wrongMethod = request.url === "/" || request.url.startsWith("/?");
    if (wrongMethod) reply.header("allow", "POST");
    const rendered = notThere(wrongMethod ? 405 : 404);
    options.metrics.record("", rendered.code, 0);
    return sendWithHeaders(reply, rendered);
  });
  app.setErrorHandler((error, request, reply) => {
    const rendered = renderRequestError(error, limits);
    if (rendered.status >= 500) {
      options.log.write("error", { requestId: request.id, err: error }, "A request failed before its call.");
    }
    options.metrics.record("", rendered.code, 0);
    return sendWithHeaders(reply, rendered);
  });
  return app;
}

/** Past Fastify's own sending, which would add a charset to the content type that AWS does not have. */
function send(reply: FastifyReply, { status, body }: HttpAnswer): FastifyReply {
  reply.hijack();
  reply.raw.writeHead(status, {
    "x-amzn-RequestId": reply.request.id,
    "content-type": contentType,
    "content-length": Buffer.byteLength(body),
  });
  reply.raw.end(body);
  return reply;
}

/** As {@link send}, with the headers that were set on the way here: calls have none. */
function sendWithHeaders(reply: FastifyReply, answer: HttpAnswer): FastifyReply {
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) reply.raw.setHeader(name, value);
  }
  return send(reply, answer);
}

function readBodiesAsBytes(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  // AWS's clients name their JSON in several ways, and some nothing at all.
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
}

/** Turns a request away whose body would not fit beside those under way, before anything of it is read. */
function boundBodies(app: FastifyInstance, limits: HttpLimits, metrics: CallMetrics): void {
  let underWay = 0;
  app.addHook("onRequest", (request, reply, done) => {
    const bytes = announcedBytes(request.raw, limits);
    if (bytes === 0) return done();
    if (underWay + bytes > limits.bodyBytesUnderWay) {
      reply.header("connection", "close");
      const rendered = renderError(throttled());
      metrics.record("", rendered.code, 0);
      sendWithHeaders(reply, rendered);
      return;
    }
    underWay += bytes;
    reply.raw.once("close", () => {
      underWay -= bytes;
    });
    done();
  });
}

/**
 * Answers a request that offers another protocol, which some clients do with every call, and closes its connection: Node reads on
 * after it, but reports bytes that are no request no more, so that their sender would wait for the idle timeout.
 */
function closeAfterUpgradeRequests(app: FastifyInstance): void {
  app.addHook("onRequest", (request, reply, done) => {
    if (request.headers.upgrade !== undefined) reply.raw.setHeader("connection", "close");
    done();
  });
}

/** The bytes that a request may make the server hold: what it announces, or all that it may send when it does not say. */
function announcedBytes(request: IncomingMessage, limits: HttpLimits): number {
  if (request.headers["transfer-encoding"] !== undefined) return limits.bodyBytes;
  const length = Number(request.headers["content-length"] ?? 0);
  // What is longer is turned away unread.
  return length <= limits.bodyBytes ? length : 0;
}

function notThere(status: 404 | 405): RenderedError {
  const text = "Calls of the ECS API are POST requests to /. There are also GET /health and GET /metrics.";
  return { ...renderError(new WireError("UnknownOperationException", text)), status };
}

/** What Fastify found wrong with a request before its handler ran. */
function renderRequestError(error: unknown, limits: HttpLimits): RenderedError {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : null;
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE") return renderError(requestTooLarge(limits.bodyBytes));
  // A client that vanishes within its body (ECONNRESET) is no fault of the server; nobody reads the answer.
  if (typeof code === "string" && (code.startsWith("FST_ERR_CTP_") || code === "ECONNRESET")) {
    return renderError(serializationError("The request body cannot be read."));
  }
  return renderError(error);
}

const unreadableStatuses: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
};

/** Bytes that are no HTTP request, or not in time: an answer if it can still be given, then the end of the connection. */
function answerUnreadable(error: Error & { readonly code?: string }, socket: Socket): void {
  if (socket.writable && error.code !== "ECONNRESET") {
    const { body } = renderError(serializationError("The bytes received are not a complete HTTP request."));
    const status = unreadableStatuses[error.code ?? ""] ?? "400 Bad Request";
    socket.write(
      `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: ${contentType}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  }
  socket.destroySoon();
}
