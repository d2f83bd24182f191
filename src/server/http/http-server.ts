import { createServer, type IncomingMessage, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { HandleExchange, HttpConnections } from "./http-connections.ts";
import type { HttpLimits } from "./http-limits.ts";

export type HttpServerOptions = {
  readonly limits: HttpLimits;
  readonly connections: HttpConnections;
  /** Certificate and key in PEM form; null speaks plain HTTP. */
  readonly tls: { readonly cert: string; readonly key: string } | null;
  /** Whether a request that offers another protocol is an upgrade; every other one is a request like any. */
  /**
   * Whether bodies may come that take longer than a call of the API: gigabytes on their way to a companion. Then only the pace of bodies is watched, and no
   * request has a time in which it must be complete.
   */
  readonly hasLongBodies: boolean;
  readonly shouldUpgrade: (request: IncomingMessage) => boolean;
};

/** A server of node:http with the time-outs of `limits`, not yet listening, whose requests come one by one of each connection. */
export function createHttpServer(options: HttpServerOptions, handle: HandleExchange): Server {
  const { limits, connections, tls, shouldUpgrade, hasLongBodies } = options;
  const settings = {
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: hasLongBodies ? 0 : limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: limits.timeoutCheckIntervalMs,
    shouldUpgradeCallback: shouldUpgrade,
    // A request without a Host header gets an answer that says so.
    requireHostHeader: false,
  };
  const server =
    tls === null
      ? createServer(settings)
      : createTlsServer({ ...settings, ...tls, minVersion: "TLSv1.2", handshakeTimeout: limits.handshakeTimeoutMs });
  server.setTimeout(limits.idleSocketTimeoutMs);
  connections.serve(server, handle);
  return server;
}
