/**
 * The agent's HTTP endpoints for containers: metadata, stats, credentials of the task role, task protection. Their life:
 * openTaskEndpoints -> listening (or nowhere, where no container could reach it) -> close.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Timer } from "../../lib/clock.ts";
import type { TaskSurroundings } from "../container-runtime.ts";
import { EndpointIds } from "./endpoint-ids.ts";
import { keepAddress, type ListeningPlace, leaveAddress, listenForContainers, wellKnown } from "./endpoint-listener.ts";
import { recallEndpoints, rememberEndpoints } from "./endpoint-memory.ts";
import { EndpointRoutes } from "./endpoint-routes.ts";
import type { EndpointAnswer, EndpointSources } from "./endpoint-sources.ts";
import { RequestRate } from "./request-rate.ts";

export type TaskEndpointsOptions = EndpointSources & {
  /** Where the secret of the paths and the port are kept, in the agent's data directory; null: containers that run lose theirs. */
  readonly memoryFile: string | null;
};

/** LIMIT: a request for protection has 60 bytes. */
const bodyBytesMax = 4_096;
/** LIMIT: of a body that is too long so much is read before the connection is cut. */
const drainedBytesMax = 1_048_576;
/** LIMIT: containers ask in small requests, and a few of them at once. */
const connectionsMax = 512;
const requestTimeoutMs = 10_000;

/** LIMIT: so long containers may find nobody when the address was taken away; to look takes some microseconds. */
const addressCheckMs = 2_000;

/** Begins to listen. Rejects only when the memory file can be neither read nor written. */
export async function openTaskEndpoints(options: TaskEndpointsOptions): Promise<TaskEndpoints> {
  const { memoryFile, docker, log } = options;
  const { secret, place: earlier } = await recallEndpoints(memoryFile);
  const ids = new EndpointIds(secret, options.tasks);
  const routes = new EndpointRoutes(options, ids);
  const server = serverOf(options, routes);
  const place = await listenForContainers(server, { docker, log, earlier });
  const endpoints = new TaskEndpoints(options, ids, server, place);
  try {
    await rememberEndpoints(memoryFile, { secret, place });
  } catch (error) {
    await endpoints.close();
    throw error;
  }
  return endpoints;
}

export class TaskEndpoints {
  readonly #options: TaskEndpointsOptions;
  readonly #ids: EndpointIds;
  readonly #server: Server;
  readonly #place: ListeningPlace | null;
  #addressCheck: Timer | null = null;

  constructor(options: TaskEndpointsOptions, ids: EndpointIds, server: Server, place: ListeningPlace | null) {
    this.#options = options;
    this.#ids = ids;
    this.#server = server;
    this.#place = place;
    if (place !== null) this.#watchAddress(place);
  }

  /** Where it listens; null for nowhere. */
  get place(): { readonly address: string; readonly port: number } | null {
    return this.#place;
  }

  /** What a container's environment says of the endpoints; nothing where there are none. */
  environmentOf(taskArn: string, container: string, task: TaskSurroundings): Readonly<Record<string, string>> {
    if (this.#place === null) return {};
    const { address, port } = this.#place;
    const base = port === 80 ? `http://${address}` : `http://${address}:${port}`;
    const id = this.#ids.idOf(taskArn, container);
    const credentials = task.credentialsId === null ? null : `/v2/credentials/${task.credentialsId}`;
    // AWS: SDKs put 169.254.170.2 before a relative URI; a full one they take for that address with any port.
    const isWellKnown = address === wellKnown.address && port === wellKnown.port;
    return {
      ECS_CONTAINER_METADATA_URI: `${base}/v3/${id}`,
      ECS_CONTAINER_METADATA_URI_V4: `${base}/v4/${id}`,
      ECS_AGENT_URI: `${base}/api/${id}`,
      ...(credentials === null
        ? {}
        : isWellKnown
          ? { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: credentials }
          : { AWS_CONTAINER_CREDENTIALS_FULL_URI: base + credentials }),
    };
  }

  /** Stops listening, ends the connections, and takes the address away that it added. */
  async close(): Promise<void> {
    if (this.#place === null) return;
    this.#addressCheck?.cancel();
    this.#addressCheck = null;
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
    await leaveAddress(this.#place, this.#options.log);
  }

  #watchAddress(place: ListeningPlace): void {
    const { clock, log } = this.#options;
    this.#addressCheck = clock.setTimer(addressCheckMs, () => {
      const check = this.#addressCheck;
      void keepAddress(place, log).then(() => {
        // Nobody puts it back who has begun to leave.
        if (check !== null && this.#addressCheck === check) this.#watchAddress(place);
      });
    });
  }
}

function serverOf(options: TaskEndpointsOptions, routes: EndpointRoutes): Server {
  const rate = new RequestRate(options.clock);
  const server = createServer(
    { requestTimeout: requestTimeoutMs, headersTimeout: requestTimeoutMs },
    (request, response) => {
      void answer(request, routes, rate)
        .catch((error: unknown): EndpointAnswer => {
          options.log("error", { err: error, path: shownPath(request) }, "a question of a container failed");
          return { status: 500, body: "Internal server error" };
        })
        .then((answered) => send(response, answered));
    },
  );
  server.maxConnections = connectionsMax;
  return server;
}

async function answer(request: IncomingMessage, routes: EndpointRoutes, rate: RequestRate): Promise<EndpointAnswer> {
  if (!rate.allows(request.socket.remoteAddress ?? "")) return { status: 429, body: "Too many requests" };
  const body = await bodyOf(request);
  if (body === null) return { status: 413, body: "Request body too large" };
  return await routes.answer(request.method ?? "", pathOf(request), body);
}

const pathOf = (request: IncomingMessage): string => (request.url ?? "").split("?")[0] ?? "";
/** Without ids: whoever reads the log may not ask in a container's name. */
const shownPath = (request: IncomingMessage): string => pathOf(request).replace(/[0-9a-f-]{32,}/g, "<id>");

/** Null when it is too long, or did not come. Some of what is too much is read all the same, so that the answer arrives. */
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
