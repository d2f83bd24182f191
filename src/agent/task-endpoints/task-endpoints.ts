/**
 * The agent's HTTP endpoints for containers: metadata, stats, credentials of the task role, task protection. Their life:
 * openTaskEndpoints -> listening (or nowhere, if no container could reach it) -> close.
 */
import type { Server } from "node:http";
import type { Timer } from "../../lib/clock.ts";
import type { TaskSurroundings } from "../container-runtime.ts";
import { EndpointIds } from "./endpoint-ids.ts";
import { keepAddress, type ListeningPlace, leaveAddress, listenForContainers, wellKnown } from "./endpoint-listener.ts";
import { recallEndpoints, rememberEndpoints } from "./endpoint-memory.ts";
import { EndpointRoutes } from "./endpoint-routes.ts";
import { endpointServer } from "./endpoint-server.ts";
import type { EndpointSources } from "./endpoint-sources.ts";

export type TaskEndpointsOptions = EndpointSources & {
  /**
   * The file in the agent's data directory that keeps the secret of the paths and the port. Null: running containers lose theirs.
   */
  readonly memoryFile: string | null;
};

/** LIMIT: if the address is removed, containers may find nobody for this long; looking takes a few microseconds. */
const addressCheckMs = 2_000;

/** Begins to listen. Rejects only if the memory file can be neither read nor written. */
export async function openTaskEndpoints(options: TaskEndpointsOptions): Promise<TaskEndpoints> {
  const { memoryFile, docker, log } = options;
  const { secret, place: earlier } = await recallEndpoints(memoryFile);
  const ids = new EndpointIds(secret, options.tasks);
  const routes = new EndpointRoutes(options, ids);
  const server = endpointServer({ clock: options.clock, log, routes });
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

  /** Where it listens. Null for nowhere. */
  get place(): { readonly address: string; readonly port: number } | null {
    return this.#place;
  }

  /** The environment variables that show a container the endpoints. Empty if there are none. */
  environmentOf(taskArn: string, container: string, task: TaskSurroundings): Readonly<Record<string, string>> {
    if (this.#place === null) return {};
    const { address, port } = this.#place;
    const base = port === 80 ? `http://${address}` : `http://${address}:${port}`;
    const id = this.#ids.idOf(taskArn, container);
    const credentials = task.credentialsId === null ? null : `/v2/credentials/${task.credentialsId}`;
    // AWS: SDKs put 169.254.170.2 before a relative URI. They accept a full one with that address and any port.
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

  /** Stops listening, ends the connections, and removes the address that it added. */
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
        // Don't restore the address once leaving has begun.
        if (check !== null && this.#addressCheck === check) this.#watchAddress(place);
      });
    });
  }
}
