import { Agent, type IncomingMessage, type RequestOptions, request } from "node:http";
import type { Readable } from "node:stream";
import { type DockerAddress, shownAddress } from "./docker-address.ts";
import { DockerError, DockerTimeout, DockerUnreachable } from "./docker-error.ts";

export type DockerQuery = Readonly<Record<string, string | number | boolean | undefined>>;

export type DockerCall = {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "DELETE";
  /** Without the version, such as `/containers/json`. */
  readonly path: string;
  readonly query?: DockerQuery;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** A tar archive, sent unchanged. */
  readonly upload?: Uint8Array | Readable;
  readonly headers?: Readonly<Record<string, string>>;
  /** For the whole answer. For a stream, until it begins. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** On its own connection, because the answer takes as long as the work itself. */
  readonly long?: boolean;
};

/** LIMIT: ordinary calls under way that read, and as many that change something; an engine serves more, only not sooner. */
const connectionsMax = 16;
/** LIMIT: a healthy engine answers an ordinary call in milliseconds, one that stores a layer in seconds. */
const callTimeoutMs = 60_000;
/** LIMIT: a list of a thousand containers is about 2 MB. */
const answerBytesMax = 64 * 1024 * 1024;

/** HTTP calls to one engine: requests, timeouts, and what the answers mean. It knows nothing about containers. */
export class DockerConnection {
  readonly address: DockerAddress;
  /** For calls that read: a kept connection saves its making. */
  readonly #kept: Agent;
  /**
   * For calls that change something. The engine may close a kept connection just when a call is written to it; whether it took the call
   * is not known then, and unlike a call that reads it can't be sent again.
   */
  readonly #fresh: Agent;
  readonly #long: Agent;
  readonly #open = new Set<AbortController>();
  #closed = false;

  constructor(address: DockerAddress) {
    this.address = address;
    this.#kept = new Agent({ keepAlive: true, maxSockets: connectionsMax, maxFreeSockets: connectionsMax });
    this.#fresh = new Agent({ keepAlive: false, maxSockets: connectionsMax });
    this.#long = new Agent({ keepAlive: false });
  }

  /**
   * The answer as JSON, or null if it has no body. Rejects with {@link DockerError}, {@link DockerUnreachable}, {@link
   * DockerTimeout}, or the reason that `signal` was aborted with.
   */
  async json<T>(call: DockerCall): Promise<T> {
    const text = await this.#withResponse(call, true, readText);
    return (text.trim() === "" ? null : JSON.parse(text)) as T;
  }

  /** The answer as text, and its headers. Rejects as `json` does. */
  text(call: DockerCall): Promise<{ readonly text: string; readonly headers: IncomingMessage["headers"] }> {
    return this.#withResponse(call, true, async (response) => ({
      text: await readText(response),
      headers: response.headers,
    }));
  }

  /** The bytes of a long answer as they arrive. Rejects and throws the same errors as `json`. */
  async openStream(call: DockerCall): Promise<AsyncGenerator<Uint8Array>> {
    const response = await this.#withResponse({ ...call, long: true }, false, (answer) => Promise.resolve(answer));
    return this.#bytesOf(response, call);
  }

  async *stream(call: DockerCall): AsyncGenerator<Uint8Array> {
    yield* await this.openStream(call);
  }

  async *#bytesOf(response: IncomingMessage, call: DockerCall): AsyncGenerator<Uint8Array> {
    try {
      yield* response;
    } catch (error) {
      throw call.signal?.aborted === true ? call.signal.reason : asTyped(error, nameOf(call), this.address);
    } finally {
      response.destroy();
    }
  }

  /** Ends all calls; they reject with {@link DockerUnreachable}. */
  close(): void {
    this.#closed = true;
    for (const controller of this.#open) controller.abort();
    for (const agent of [this.#kept, this.#fresh, this.#long]) agent.destroy();
  }

  /** Sends the call and passes the answer on. If `bounded`, the timeout includes reading it. */
  async #withResponse<T>(
    call: DockerCall,
    bounded: boolean,
    read: (response: IncomingMessage) => Promise<T>,
  ): Promise<T> {
    const name = nameOf(call);
    if (this.#closed) throw new DockerUnreachable("the connection to Docker was closed");
    call.signal?.throwIfAborted();
    const controller = new AbortController();
    const timeoutMs = call.timeoutMs ?? callTimeoutMs;
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      controller.abort();
    }, timeoutMs);
    const abort = (): void => controller.abort();
    call.signal?.addEventListener("abort", abort, { once: true });
    this.#open.add(controller);
    const finish = (): void => {
      clearTimeout(timer);
      call.signal?.removeEventListener("abort", abort);
      this.#open.delete(controller);
    };
    let streaming = false;
    try {
      const response = await this.#send(call, controller.signal);
      const status = response.statusCode ?? 0;
      // 304 means that there was nothing to do. No call should be redirected.
      if (status >= 300 && status !== 304)
        throw new DockerError(status, errorMessage(await readText(response), status), name);
      if (!bounded) {
        clearTimeout(timer);
        streaming = true;
        response.once("close", finish);
      }
      return await read(response);
    } catch (error) {
      if (late) throw new DockerTimeout(name, timeoutMs);
      if (call.signal?.aborted === true) throw call.signal.reason;
      throw asTyped(error, name, this.address);
    } finally {
      if (!streaming) finish();
    }
  }

  async #send(call: DockerCall, signal: AbortSignal): Promise<IncomingMessage> {
    try {
      return await this.#sendOnce(call, signal);
    } catch (error) {
      // A kept connection that the engine closes just then looks like an engine that has gone.
      const stale = error instanceof StaleConnection && !signal.aborted;
      if (!stale) throw error instanceof StaleConnection ? error.cause : error;
      return await this.#sendOnce(call, signal);
    }
  }

  #sendOnce(call: DockerCall, signal: AbortSignal): Promise<IncomingMessage> {
    const json = call.body === undefined ? null : JSON.stringify(call.body);
    const headers: Record<string, string | number> = { host: "docker", ...call.headers };
    if (json !== null) {
      headers["content-type"] = "application/json";
      headers["content-length"] = Buffer.byteLength(json);
    } else if (call.upload !== undefined) headers["content-type"] = "application/x-tar";
    else if (call.method !== "GET" && call.method !== "HEAD") headers["content-length"] = 0;
    const options: RequestOptions = {
      method: call.method,
      headers,
      signal,
      agent: this.#agentOf(call),
      ...this.#target(call),
    };
    return new Promise((resolve, reject) => {
      // A request that waits for a connection says that it was aborted only when it gets one.
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      const sent = request(options, resolve);
      sent.on("error", (error) => reject(sent.reusedSocket ? new StaleConnection("", { cause: error }) : error));
      if (call.upload === undefined) sent.end(json ?? undefined);
      else if (call.upload instanceof Uint8Array) sent.end(call.upload);
      else call.upload.on("error", (error) => sent.destroy(error)).pipe(sent);
    });
  }

  #agentOf({ long, method }: DockerCall): Agent {
    if (long === true) return this.#long;
    return method === "GET" || method === "HEAD" ? this.#kept : this.#fresh;
  }

  #target(call: DockerCall): RequestOptions {
    const query = new URLSearchParams();
    for (const [key, value] of Object.entries(call.query ?? {})) if (value !== undefined) query.set(key, String(value));
    const path = query.size === 0 ? call.path : `${call.path}?${query}`;
    if ("socketPath" in this.address) return { socketPath: this.address.socketPath, path };
    return { host: this.address.host, port: this.address.port, path: this.address.prefix + path };
  }
}

class StaleConnection extends Error {}

const nameOf = (call: DockerCall): string => `${call.method} ${call.path}`;

function asTyped(error: unknown, call: string, address: DockerAddress): unknown {
  if (error instanceof DockerError || error instanceof DockerTimeout || error instanceof DockerUnreachable)
    return error;
  if (!(error instanceof Error) || (!("code" in error) && error.name !== "AbortError")) return error;
  const why = error.name === "AbortError" ? "the call was ended" : error.message;
  return new DockerUnreachable(`Docker does not answer at ${shownAddress(address)} (${call}): ${why}`, {
    cause: error,
  });
}

/** Engines send `{"message": "..."}`. Older ones and proxies send plain text. */
function errorMessage(text: string, status: number): string {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null && "message" in parsed) return String(parsed.message).trim();
  } catch {
    // Not JSON: the text is all there is.
  }
  return text.trim() === "" ? `status ${status}` : text.trim();
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    bytes += chunk.length;
    if (bytes > answerBytesMax) {
      response.destroy();
      throw new Error(`the engine's answer is longer than ${answerBytesMax} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
