import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { SecureContext } from "node:tls";
import { ApiError } from "./api-error.ts";

/** AWS: how long an agent waits for a call. */
const callTimeoutMs = 42_000;
/** LIMIT: connections of all agents of a process together; five thousand that register at once wait their turn. */
const connectionsMax = 32;
/** LIMIT: longer than agents pause between calls, shorter than servers keep an idle connection. */
const idleMs = 4_000;
/**
 * LIMIT: answers to agents are a few KiB; that of ExplainPlacement has a KiB for each container instance that lacks something.
 */
const answerBytesMax = 32 * 1_048_576;

export type Answer = { readonly status: number; readonly text: string };

/** Kept connections to any number of servers, and the callers that wait for one. */
export class ConnectionPool {
  readonly #http: HttpAgent;
  readonly #https: HttpsAgent;
  readonly #waiting: (() => void)[] = [];
  #busy = 0;

  /** `trust`: certificates in addition to the system's. Null for none. */
  constructor(trust: SecureContext | null) {
    const kept = { keepAlive: true, maxSockets: connectionsMax, timeout: idleMs };
    this.#http = new HttpAgent(kept);
    this.#https = new HttpsAgent({ ...kept, ...(trust && { secureContext: trust }) });
  }

  /** Runs `work` when a connection is free. Its timeout counts from then on. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#busy >= connectionsMax) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#busy += 1;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#busy -= 1;
      else next();
    }
  }

  /** One request and its whole answer. Rejects with ApiError if there is none. */
  send(
    method: "GET" | "POST",
    url: URL,
    headers: Readonly<Record<string, string>>,
    body: string | null,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const fail = (error: NodeJS.ErrnoException): void => {
        clearTimeout(timer);
        const code = error.code ?? "ConnectionFailed";
        reject(new ApiError(code, `${url.origin} does not answer (${error.message || code}).`, null, error));
      };
      const isTls = url.protocol === "https:";
      const agent = isTls ? this.#https : this.#http;
      // The pool's idle timeout is not for a call under way.
      const request = (isTls ? httpsRequest : httpRequest)(url, { method, headers, agent, timeout: callTimeoutMs });
      const timer = setTimeout(() => request.destroy(timedOut()), callTimeoutMs);
      request.on("error", fail);
      request.on("response", (response) => {
        readText(response).then((text) => {
          clearTimeout(timer);
          resolve({ status: response.statusCode ?? 0, text });
        }, fail);
      });
      request.end(body ?? undefined);
    });
  }

  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }
}

const timedOut = (): NodeJS.ErrnoException =>
  Object.assign(new Error(`no answer within ${callTimeoutMs / 1_000} s`), { code: "ETIMEDOUT" });

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > answerBytesMax) throw new Error(`an answer of more than ${answerBytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
