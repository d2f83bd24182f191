/** The HTTP server behind the endpoints. It limits how much of it each container can use, and for how long. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log-events.ts";
import { type Rate, RequestRate } from "../../lib/request-rate.ts";
import type { EndpointRoutes } from "./endpoint-routes.ts";
import type { EndpointAnswer } from "./endpoint-sources.ts";

/** LIMIT: a request for protection has 60 bytes. */
const bodyBytesMax = 4_096;
/** LIMIT: how much of an oversized body is read, so that the asker still gets the answer. */
const drainedBytesMax = 1_048_576;

/** LIMIT: AWS lets a task make 40 requests a second, 60 at once; a host has far fewer container addresses than are remembered. */
export const askerRate: Rate = { perSecond: 40, burst: 60, askersMax: 10_000 };

export type EndpointLimits = {
  /** LIMIT: a host runs about a hundred containers, and each connection lasts milliseconds. When full, the asker with the most loses its oldest. */
  readonly connections: number;
  /** LIMIT: one connection for each request that an asker may make at once (AWS: 60). */
  readonly connectionsPerAsker: number;
  /** LIMIT: Docker takes a second or two for statistics, so one container's requests could pile up. */
  readonly underWayPerAsker: number;
  /** LIMIT: for all containers together; Docker answers fewer at once. */
  readonly underWay: number;
  /** LIMIT: requests are small and come from this machine, so an honest one arrives much sooner. */
  readonly arrivalMs: number;
  /** LIMIT: time for Docker or the control plane to answer, and for the asker to read it. */
  readonly silenceMs: number;
};

const endpointLimits: EndpointLimits = {
  connections: 512,
  connectionsPerAsker: 64,
  underWayPerAsker: 16,
  underWay: 128,
  arrivalMs: 5_000,
  silenceMs: 20_000,
};

export type EndpointServerOptions = {
  readonly clock: Clock;
  readonly log: Log;
  readonly routes: Pick<EndpointRoutes, "answer">;
  /** Overrides of the usual limits, for tests. */
  readonly limits?: Partial<EndpointLimits>;
};

/** Not yet listening. */
export function endpointServer({ clock, log, routes, limits: given }: EndpointServerOptions): Server {
  const limits = { ...endpointLimits, ...given };
  const rate = new RequestRate(askerRate, clock);
  const underWay = new UnderWay(limits);
  const connections = new Connections(limits);
  const server = createServer(
    {
      requestTimeout: limits.arrivalMs,
      headersTimeout: limits.arrivalMs,
      keepAliveTimeout: limits.arrivalMs,
      // How often Node looks for late requests; its default is 30 s.
      connectionsCheckingInterval: Math.min(1_000, limits.arrivalMs),
    },
    (request, response) => {
      connections.isBusy(request.socket);
      response.once("close", () => connections.isIdle(request.socket));
      void answer(request, routes, rate, underWay)
        .catch((error: unknown): EndpointAnswer => {
          log("container-request-failed", { err: error, path: shownPath(request) });
          return { status: 500, body: "Internal server error" };
        })
        .then((answered) => send(response, answered));
    },
  );
  server.setTimeout(limits.silenceMs, (socket) => socket.destroy());
  server.on("connection", (socket) => connections.take(socket));
  return server;
}

/** The open connections by asker (source address). */
class Connections {
  readonly #limits: EndpointLimits;
  /** Oldest first. */
  readonly #byAsker = new Map<string, Set<Socket>>();
  /** Connections whose last request was answered. */
  readonly #idle = new WeakSet<Socket>();
  #count = 0;

  constructor(limits: EndpointLimits) {
    this.#limits = limits;
  }

  isBusy(socket: Socket): void {
    this.#idle.delete(socket);
  }

  isIdle(socket: Socket): void {
    this.#idle.add(socket);
  }

  /**
   * Admits a connection, and closes one if there are too many. An asker at its limit loses its oldest idle connection, which
   * clients expect, or else the new one. When the server is full, the asker with the most connections loses its oldest.
   */
  take(socket: Socket): void {
    const asker = socket.remoteAddress ?? "";
    const own = this.#byAsker.get(asker) ?? new Set<Socket>();
    if (own.size >= this.#limits.connectionsPerAsker) {
      const idle = [...own].find((one) => this.#idle.has(one));
      if (idle === undefined) {
        socket.destroy();
        return;
      }
      this.#drop([asker, idle]);
    }
    if (this.#count >= this.#limits.connections) this.#drop(this.#oldestOfTheLargest());
    this.#byAsker.set(asker, own.add(socket));
    this.#count += 1;
    socket.once("close", () => this.#forget(asker, socket));
  }

  #oldestOfTheLargest(): readonly [string, Socket] | null {
    let largest: readonly [string, Set<Socket>] | null = null;
    for (const entry of this.#byAsker) if (entry[1].size > (largest?.[1].size ?? 0)) largest = entry;
    const [oldest] = largest?.[1] ?? [];
    return largest === null || oldest === undefined ? null : [largest[0], oldest];
  }

  #drop(victim: readonly [string, Socket] | null): void {
    if (victim === null) return;
    const [asker, socket] = victim;
    this.#forget(asker, socket);
    socket.destroy();
  }

  #forget(asker: string, socket: Socket): void {
    const own = this.#byAsker.get(asker);
    if (own === undefined || !own.delete(socket)) return;
    this.#count -= 1;
    if (own.size === 0) this.#byAsker.delete(asker);
  }
}

/** The requests being answered, by asker. */
class UnderWay {
  readonly #limits: EndpointLimits;
  readonly #byAsker = new Map<string, number>();
  #count = 0;

  constructor(limits: EndpointLimits) {
    this.#limits = limits;
  }

  /** Counts a request and returns a function that ends it; null if there are too many. */
  begin(asker: string): (() => void) | null {
    const own = this.#byAsker.get(asker) ?? 0;
    if (own >= this.#limits.underWayPerAsker || this.#count >= this.#limits.underWay) return null;
    this.#byAsker.set(asker, own + 1);
    this.#count += 1;
    return () => {
      const left = (this.#byAsker.get(asker) ?? 1) - 1;
      if (left === 0) this.#byAsker.delete(asker);
      else this.#byAsker.set(asker, left);
      this.#count -= 1;
    };
  }
}

async function answer(
  request: IncomingMessage,
  routes: Pick<EndpointRoutes, "answer">,
  rate: RequestRate,
  underWay: UnderWay,
): Promise<EndpointAnswer> {
  const asker = request.socket.remoteAddress ?? "";
  const end = rate.allows(asker) ? underWay.begin(asker) : null;
  if (end === null) return { status: 429, body: "Too many requests" };
  try {
    const body = await bodyOf(request);
    if (body === null) return { status: 413, body: "Request body too large" };
    return await routes.answer(request.method ?? "", pathOf(request), body);
  } finally {
    end();
  }
}

const pathOf = (request: IncomingMessage): string => (request.url ?? "").split("?")[0] ?? "";
/** Without ids, so that nobody can use the log to ask in a container's name. */
const shownPath = (request: IncomingMessage): string => pathOf(request).replace(/[0-9a-f-]{32,}/g, "<id>");

/** Null if it is too long or did not arrive. */
async function bodyOf(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request) {
      bytes += (chunk as Buffer).length;
      if (bytes > drainedBytesMax) return null;
      if (bytes <= bodyBytesMax) chunks.push(chunk as Buffer);
    }
  } catch {
    return null;
  }
  return bytes > bodyBytesMax ? null : Buffer.concat(chunks).toString("utf8");
}

function send(response: ServerResponse, { status, body }: EndpointAnswer): void {
  const text = JSON.stringify(body ?? null);
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
  response.end(text);
}
