import type { Readable } from "node:stream";
import type { OutputPiece } from "../../logs/log-lines.ts";
import { dockerAddress, shownAddress } from "./docker-address.ts";
import type {
  DockerContainer,
  DockerDistribution,
  DockerEvent,
  DockerImage,
  DockerInfo,
  DockerListedContainer,
  DockerNetwork,
  DockerProgress,
  DockerStats,
  DockerVersion,
  DockerVolume,
} from "./docker-answers.ts";
import { type DockerCall, DockerConnection } from "./docker-connection.ts";
import { DockerError, DockerTimeout } from "./docker-error.ts";
import { jsonLines } from "./json-lines.ts";
import { outputPieces, sinceOf } from "./log-frames.ts";

export type DockerFilters = Readonly<Record<string, readonly string[]>>;

/** Options of a call in addition to its arguments. */
export type CallLimits = { readonly timeoutMs?: number; readonly signal?: AbortSignal };

/** The oldest and newest API versions that we speak. What we use is the same in all of them. */
const versionMin = "1.24";
const versionMax = "1.47";
/** LIMIT: a healthy engine answers a ping at once. */
const pingTimeoutMs = 2_000;
/** LIMIT: what the engine itself may need in addition to the container's stop timeout. */
const stopReserveMs = 30_000;
/** LIMIT: a pull that is silent for this long is stuck; even a slow registry shows progress. */
const pullSilenceMs = 180_000;

/**
 * A client of the Docker Engine API (Podman's compatible socket works too): one method per call, named as in the engine. Every
 * method rejects with DockerError, DockerUnreachable or DockerTimeout.
 */
export class DockerEngine {
  readonly #connection: DockerConnection;
  #version: Promise<string> | null = null;

  /** `dockerHost` is a DOCKER_HOST value. Throws an Error if it is not valid. */
  constructor(dockerHost: string) {
    this.#connection = new DockerConnection(dockerAddress(dockerHost));
  }

  /** The address as people write it. */
  get address(): string {
    return shownAddress(this.#connection.address);
  }

  /** Ends all calls under way. */
  close(): void {
    this.#connection.close();
  }

  /** Resolves if the engine is alive. */
  async ping(limits: CallLimits = {}): Promise<void> {
    await this.#connection.text({ method: "GET", path: "/_ping", timeoutMs: pingTimeoutMs, long: true, ...limits });
  }

  /** The API version in use: the newest that both ends know. Rejects with DockerError 400 if there is none. */
  apiVersion(): Promise<string> {
    this.#version ??= this.#negotiate().catch((error: unknown) => {
      this.#version = null;
      throw error;
    });
    return this.#version;
  }

  version(limits: CallLimits = {}): Promise<DockerVersion> {
    return this.#json({ method: "GET", path: "/version", ...limits });
  }

  info(limits: CallLimits = {}): Promise<DockerInfo> {
    return this.#json({ method: "GET", path: "/info", ...limits });
  }

  /**
   * Events from `since` (epoch seconds with fraction; null: from now on) until the connection ends or `signal` is aborted. Yields
   * null first, once the engine is listening.
   */
  async *events(
    filters: DockerFilters,
    since: string | null,
    limits: CallLimits = {},
  ): AsyncGenerator<DockerEvent | null> {
    const query = { filters: JSON.stringify(filters), since: since ?? undefined };
    const call: DockerCall = { method: "GET", path: await this.#path("/events"), query, ...limits };
    const opened = await this.#connection.openStream(call);
    yield null;
    for await (const line of jsonLines(opened)) yield line as DockerEvent;
  }

  createContainer(name: string, config: unknown, limits: CallLimits = {}): Promise<{ readonly Id: string }> {
    return this.#json({ method: "POST", path: "/containers/create", query: { name }, body: config, ...limits });
  }

  /** Starting a running container is not an error. */
  startContainer(id: string, limits: CallLimits = {}): Promise<null> {
    return this.#json({ method: "POST", path: `/containers/${encodeURIComponent(id)}/start`, ...limits });
  }

  /**
   * Sends the stop signal, then SIGKILL after `seconds`. Resolves when the container has ended. Stopping a stopped container is
   * not an error.
   */
  stopContainer(id: string, seconds: number, limits: CallLimits = {}): Promise<null> {
    return this.#json({
      method: "POST",
      path: `/containers/${encodeURIComponent(id)}/stop`,
      query: { t: seconds },
      timeoutMs: seconds * 1_000 + stopReserveMs,
      long: true,
      ...limits,
    });
  }

  killContainer(id: string, signal = "SIGKILL", limits: CallLimits = {}): Promise<null> {
    const path = `/containers/${encodeURIComponent(id)}/kill`;
    return this.#json({ method: "POST", path, query: { signal }, ...limits });
  }

  inspectContainer(id: string, limits: CallLimits = {}): Promise<DockerContainer> {
    return this.#json({ method: "GET", path: `/containers/${encodeURIComponent(id)}/json`, ...limits });
  }

  /** Includes stopped containers. */
  listContainers(filters: DockerFilters, limits: CallLimits = {}): Promise<readonly DockerListedContainer[]> {
    const query = { all: true, filters: JSON.stringify(filters) };
    return this.#json({ method: "GET", path: "/containers/json", query, ...limits });
  }

  /** Kills the container, and removes it with its anonymous volumes. */
  removeContainer(id: string, limits: CallLimits = {}): Promise<null> {
    const query = { force: true, v: true };
    return this.#json({ method: "DELETE", path: `/containers/${encodeURIComponent(id)}`, query, ...limits });
  }

  /** One reading of a container's counters. Without `oneShot` the engine takes a second and fills `precpu_stats`. */
  statsOf(id: string, oneShot: boolean, limits: CallLimits = {}): Promise<DockerStats> {
    const query = { stream: false, "one-shot": oneShot ? true : undefined };
    return this.#json({ method: "GET", path: `/containers/${encodeURIComponent(id)}/stats`, query, ...limits });
  }

  /** The output of a container without a terminal, stdout and stderr as one text. */
  async logsOf(id: string, limits: CallLimits = {}): Promise<string> {
    const query = { stdout: true, stderr: true };
    const path = await this.#path(`/containers/${encodeURIComponent(id)}/logs`);
    const frames: Uint8Array[] = [];
    for await (const chunk of this.#connection.stream({ method: "GET", path, query, ...limits })) frames.push(chunk);
    return withoutFrames(Buffer.concat(frames));
  }

  /**
   * The output of a container from `since` on (an RFC 3339 time of Docker's; null: from the beginning), as Docker keeps it. With `follow`
   * also what comes until the container ends.
   */
  async *outputOf(
    id: string,
    {
      since,
      follow,
      hasTerminal,
    }: { readonly since: string | null; readonly follow: boolean; readonly hasTerminal: boolean },
    limits: CallLimits = {},
  ): AsyncGenerator<OutputPiece> {
    const from = since === null ? null : sinceOf(since);
    const query = { stdout: true, stderr: true, timestamps: true, follow, since: from ?? undefined };
    const path = await this.#path(`/containers/${encodeURIComponent(id)}/logs`);
    yield* outputPieces(this.#connection.stream({ method: "GET", path, query, ...limits }), hasTerminal);
  }

  inspectImage(reference: string, limits: CallLimits = {}): Promise<DockerImage> {
    return this.#json({ method: "GET", path: `/images/${inPath(reference)}/json`, ...limits });
  }

  /** Asks the registry about a reference. `registryAuth` is the base64url JSON of the header X-Registry-Auth. */
  distributionOf(reference: string, registryAuth: string | null, limits: CallLimits = {}): Promise<DockerDistribution> {
    const headers = authHeader(registryAuth);
    return this.#json({
      method: "GET",
      path: `/distribution/${inPath(reference)}/json`,
      headers,
      long: true,
      ...limits,
    });
  }

  /** Pulls one image (with a tag or a digest). Rejects also if the pull fails half-way. */
  async pullImage(reference: string, registryAuth: string | null, limits: CallLimits = {}): Promise<void> {
    const { name, tag } = splitReference(reference);
    const call: DockerCall = {
      method: "POST",
      path: await this.#path("/images/create"),
      query: { fromImage: name, tag },
      headers: authHeader(registryAuth),
      ...limits,
    };
    await this.#followProgress(call);
  }

  /** Makes a one-layer image from a tar archive. */
  async importImage(
    archive: Uint8Array | Readable,
    repository: string,
    tag: string,
    changes: readonly string[] = [],
  ): Promise<void> {
    const query = {
      fromSrc: "-",
      repo: repository,
      tag,
      changes: changes.length === 0 ? undefined : changes.join("\n"),
    };
    await this.#followProgress({ method: "POST", path: await this.#path("/images/create"), query, upload: archive });
  }

  /** Loads the output of `docker save`. */
  async loadImage(archive: Uint8Array | Readable, limits: CallLimits = {}): Promise<void> {
    const path = await this.#path("/images/load");
    await this.#followProgress({ method: "POST", path, query: { quiet: true }, upload: archive, ...limits });
  }

  tagImage(reference: string, repository: string, tag: string, limits: CallLimits = {}): Promise<null> {
    return this.#json({
      method: "POST",
      path: `/images/${inPath(reference)}/tag`,
      query: { repo: repository, tag },
      ...limits,
    });
  }

  removeImage(reference: string, limits: CallLimits = {}): Promise<unknown> {
    return this.#json({ method: "DELETE", path: `/images/${inPath(reference)}`, query: { force: true }, ...limits });
  }

  createVolume(volume: unknown, limits: CallLimits = {}): Promise<DockerVolume> {
    return this.#json({ method: "POST", path: "/volumes/create", body: volume, ...limits });
  }

  inspectVolume(name: string, limits: CallLimits = {}): Promise<DockerVolume> {
    return this.#json({ method: "GET", path: `/volumes/${encodeURIComponent(name)}`, ...limits });
  }

  async listVolumes(filters: DockerFilters, limits: CallLimits = {}): Promise<readonly DockerVolume[]> {
    const query = { filters: JSON.stringify(filters) };
    const call: DockerCall = { method: "GET", path: "/volumes", query, ...limits };
    return (await this.#json<{ readonly Volumes?: readonly DockerVolume[] | null }>(call)).Volumes ?? [];
  }

  removeVolume(name: string, limits: CallLimits = {}): Promise<null> {
    return this.#json({ method: "DELETE", path: `/volumes/${encodeURIComponent(name)}`, ...limits });
  }

  createNetwork(network: unknown, limits: CallLimits = {}): Promise<{ readonly Id: string }> {
    return this.#json({ method: "POST", path: "/networks/create", body: network, ...limits });
  }

  inspectNetwork(id: string, limits: CallLimits = {}): Promise<DockerNetwork> {
    return this.#json({ method: "GET", path: `/networks/${encodeURIComponent(id)}`, ...limits });
  }

  listNetworks(filters: DockerFilters, limits: CallLimits = {}): Promise<readonly DockerNetwork[]> {
    return this.#json({ method: "GET", path: "/networks", query: { filters: JSON.stringify(filters) }, ...limits });
  }

  removeNetwork(id: string, limits: CallLimits = {}): Promise<null> {
    return this.#json({ method: "DELETE", path: `/networks/${encodeURIComponent(id)}`, ...limits });
  }

  /** `body` as `{"Container": ..., "EndpointConfig": ...}`. */
  connectNetwork(id: string, body: unknown, limits: CallLimits = {}): Promise<null> {
    return this.#json({ method: "POST", path: `/networks/${encodeURIComponent(id)}/connect`, body, ...limits });
  }

  disconnectNetwork(id: string, container: string, limits: CallLimits = {}): Promise<null> {
    const body = { Container: container, Force: true };
    return this.#json({ method: "POST", path: `/networks/${encodeURIComponent(id)}/disconnect`, body, ...limits });
  }

  async #negotiate(): Promise<string> {
    const ping = await this.#connection.text({ method: "GET", path: "/_ping", timeoutMs: pingTimeoutMs });
    const said = ping.headers["api-version"];
    const newest =
      typeof said === "string" && said !== ""
        ? said
        : ((await this.#connection.json<DockerVersion>({ method: "GET", path: "/version" })).ApiVersion ?? versionMin);
    if (isOlder(newest, versionMin)) {
      const problem = `the engine's newest API version is ${newest}; Berth needs at least ${versionMin}`;
      throw new DockerError(400, problem, "GET /_ping");
    }
    return isOlder(newest, versionMax) ? newest : versionMax;
  }

  async #path(path: string): Promise<string> {
    return `/v${await this.apiVersion()}${path}`;
  }

  async #json<T>(call: DockerCall): Promise<T> {
    return this.#connection.json<T>({ ...call, path: await this.#path(call.path) });
  }

  /** Reads progress to its end. An error in it comes with status 200, because the answer had already begun. */
  async #followProgress(call: DockerCall): Promise<void> {
    const name = `${call.method} ${call.path}`;
    const silence = new AbortController();
    const signal = call.signal === undefined ? silence.signal : AbortSignal.any([call.signal, silence.signal]);
    const watch = setTimeout(() => silence.abort(new DockerTimeout(name, pullSilenceMs)), pullSilenceMs);
    try {
      const bytes = this.#connection.stream({ timeoutMs: pullSilenceMs, ...call, signal });
      for await (const line of jsonLines(bytes)) {
        watch.refresh();
        const { error, errorDetail } = line as DockerProgress;
        if (error !== undefined) throw new DockerError(errorDetail?.code ?? 500, errorDetail?.message ?? error, name);
      }
    } finally {
      clearTimeout(watch);
    }
  }
}

/** References come from task definitions: encoded, they stay one name in the path. */
const inPath = (reference: string): string => reference.split("/").map(encodeURIComponent).join("/");

function authHeader(registryAuth: string | null): Record<string, string> {
  return registryAuth === null ? {} : { "x-registry-auth": registryAuth };
}

function isOlder(version: string, than: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [otherMajor = 0, otherMinor = 0] = than.split(".").map(Number);
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}

/** Splits a reference into its name and a digest or tag. Without one, it adds `latest`, because Docker would pull all tags. */
export function splitReference(reference: string): { readonly name: string; readonly tag: string } {
  const at = reference.indexOf("@");
  if (at >= 0) return { name: withoutTag(reference.slice(0, at)), tag: reference.slice(at + 1) };
  const name = withoutTag(reference);
  return { name, tag: name === reference ? "latest" : reference.slice(name.length + 1) };
}

function withoutTag(reference: string): string {
  const colon = reference.lastIndexOf(":");
  return colon > reference.lastIndexOf("/") ? reference.slice(0, colon) : reference;
}

/** The text in log frames. Each frame has a header of eight bytes, whose last four are its length. */
function withoutFrames(bytes: Buffer): string {
  const parts: Buffer[] = [];
  for (let at = 0; at + 8 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at + 4);
    parts.push(bytes.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  return Buffer.concat(parts).toString("utf8");
}
