import type { Readable } from "node:stream";
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

export type DockerFilters = Readonly<Record<string, readonly string[]>>;

/** What a call may be given besides its arguments. */
export type CallLimits = { readonly timeoutMs?: number; readonly signal?: AbortSignal };

/** The oldest and the newest version of the API that is spoken; what it is used for is the same in all of them. */
const versionMin = "1.24";
const versionMax = "1.47";
/** LIMIT: an engine that is alive says so at once. */
const pingTimeoutMs = 2_000;
/** LIMIT: what the engine itself may need besides the time that the container is given to stop. */
const stopReserveMs = 30_000;
/** LIMIT: a pull that says nothing for so long is stuck; a slow registry still shows progress. */
const pullSilenceMs = 180_000;

/**
 * A client of the Docker Engine API (Podman's compatible socket speaks it too): one method per call, under the engine's own names.
 * Every method rejects with DockerError, DockerUnreachable or DockerTimeout.
 */
export class DockerEngine {
  readonly #connection: DockerConnection;
  #version: Promise<string> | null = null;

  /** `dockerHost` is a value of DOCKER_HOST; throws an Error when it is not understood. */
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

  /** Resolves when the engine is alive. */
  async ping(limits: CallLimits = {}): Promise<void> {
    await this.#connection.text({ method: "GET", path: "/_ping", timeoutMs: pingTimeoutMs, long: true, ...limits });
  }

  /** The version of the API that is spoken: the newest that both ends know. Rejects with DockerError 400 when there is none. */
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
   * Events from `since` (epoch seconds with fraction, null: from now on) until the connection ends or `signal` is aborted. Yields
   * null first, when the engine has begun to listen.
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

  /** Starting one that runs is no error. */
  startContainer(id: string, limits: CallLimits = {}): Promise<null> {
    return this.#json({ method: "POST", path: `/containers/${encodeURIComponent(id)}/start`, ...limits });
  }

  /** The stop signal, SIGKILL after `seconds`; resolves when the container has ended. One that does not run is no error. */
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

  /** Stopped ones too. */
  listContainers(filters: DockerFilters, limits: CallLimits = {}): Promise<readonly DockerListedContainer[]> {
    const query = { all: true, filters: JSON.stringify(filters) };
    return this.#json({ method: "GET", path: "/containers/json", query, ...limits });
  }

  /** Kills it, and removes it with its anonymous volumes. */
  removeContainer(id: string, limits: CallLimits = {}): Promise<null> {
    const query = { force: true, v: true };
    return this.#json({ method: "DELETE", path: `/containers/${encodeURIComponent(id)}`, query, ...limits });
  }

  /**
   * One reading of a container's counters. `precpu_stats` is filled only without `oneShot`, for which the engine takes a second.
   */
  statsOf(id: string, oneShot: boolean, limits: CallLimits = {}): Promise<DockerStats> {
    const query = { stream: false, "one-shot": oneShot ? true : undefined };
    return this.#json({ method: "GET", path: `/containers/${encodeURIComponent(id)}/stats`, query, ...limits });
  }

  /** What a container without a terminal wrote, stdout and stderr as one text. */
  async logsOf(id: string, limits: CallLimits = {}): Promise<string> {
    const query = { stdout: true, stderr: true };
    const path = await this.#path(`/containers/${encodeURIComponent(id)}/logs`);
    const frames: Uint8Array[] = [];
    for await (const chunk of this.#connection.stream({ method: "GET", path, query, ...limits })) frames.push(chunk);
    return withoutFrames(Buffer.concat(frames));
  }

  inspectImage(reference: string, limits: CallLimits = {}): Promise<DockerImage> {
    return this.#json({ method: "GET", path: `/images/${inPath(reference)}/json`, ...limits });
  }

  /** Asks the registry what the reference is. `registryAuth` is the base64url JSON of the header X-Registry-Auth. */
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

  /** Pulls one image (with a tag or a digest); rejects when it fails half-way too. */
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

  /** Makes an image of one layer out of a tar archive. */
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

  /** Takes what `docker save` wrote. */
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
      const problem = `the engine speaks version ${newest} of its API; ${versionMin} is needed at least`;
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

  /** Reads progress to its end; an error in it comes with status 200, because the answer had begun. */
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

/** References come from task definitions: whatever is in them stays one name in the path. */
const inPath = (reference: string): string => reference.split("/").map(encodeURIComponent).join("/");

function authHeader(registryAuth: string | null): Record<string, string> {
  return registryAuth === null ? {} : { "x-registry-auth": registryAuth };
}

function isOlder(version: string, than: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [otherMajor = 0, otherMinor = 0] = than.split(".").map(Number);
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}

/** A reference as its name and what follows: a digest, a tag, or `latest` since without one all tags would be pulled. */
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

/** The text of log frames: each has a header of eight bytes, the last four of which are its length. */
function withoutFrames(bytes: Buffer): string {
  const parts: Buffer[] = [];
  for (let at = 0; at + 8 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at + 4);
    parts.push(bytes.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  return Buffer.concat(parts).toString("utf8");
}
