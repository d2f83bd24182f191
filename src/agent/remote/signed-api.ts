import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { SecureContext } from "node:tls";
import type { EcsApi } from "../../agent-protocol/connection.ts";
import type { Clock } from "../../lib/clock.ts";
import type { RandomStream } from "../../lib/random.ts";
import { ApiError, errorInAnswer } from "./api-error.ts";
import { replyAsRead, requestAsSent } from "./call-times.ts";
import { type AgentCredentials, RequestSigner } from "./request-signer.ts";

export type SignedApiOptions = {
  /** Such as `http://127.0.0.1:4280`. */
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: AgentCredentials;
  /** Null if the caller is not an agent. */
  readonly agentVersion: string | null;
  readonly clock: Clock;
  readonly random: RandomStream;
  /** Certificates in addition to the system's, from `trustedCertificates`. Null for none. */
  readonly trust: SecureContext | null;
};

/** AWS: how long an agent waits for a call. */
const callTimeoutMs = 42_000;
/** AWS: the SDK's attempts, and the pause before the second. It doubles, with some jitter. */
const attemptsMax = 3;
const firstPauseMs = 100;
/** LIMIT: connections of all agents of a process together; five thousand that register at once wait their turn. */
const connectionsMax = 32;
/** LIMIT: longer than agents pause between calls, shorter than servers keep an idle connection. */
const idleMs = 4_000;
/**
 * LIMIT: answers to agents are a few KiB; that of ExplainPlacement has a KiB for each container instance that lacks something.
 */
const answerBytesMax = 32 * 1_048_576;
/** AWS: the prefix of ECS's operations. */
const ecsPrefix = "AmazonEC2ContainerServiceV20141113";

/** The ECS API over HTTP, signed. One may serve any number of agents, which share its connections. */
export class SignedApi implements EcsApi {
  readonly #options: SignedApiOptions;
  readonly #pool: Pool;
  readonly #signer: RequestSigner;
  readonly #url: URL;
  readonly #userAgent: string;

  constructor(options: SignedApiOptions, pool: Pool | null = null) {
    this.#options = options;
    this.#url = new URL("/", options.endpoint);
    this.#signer = new RequestSigner(options);
    this.#pool = pool ?? new Pool(this.#url, options.trust);
    // AWS: the control plane recognises agents by how this begins.
    this.#userAgent =
      options.agentVersion === null
        ? "berth"
        : `Amazon ECS Agent - v${options.agentVersion} (berth) (linux) (+http://aws.amazon.com/ecs/)`;
  }

  /** The same API over the same connections with other credentials. Agents use it to call with a task's role. */
  as(credentials: AgentCredentials): SignedApi {
    return new SignedApi({ ...this.#options, credentials }, this.#pool);
  }

  /**
   * Makes a call, up to three times if the connection or the server fails. Rejects with ApiError, whose `code` is ECS's or the
   * connection's. `prefix` selects another API on the same port.
   */
  async call(operation: string, request: object, prefix = ecsPrefix): Promise<object> {
    const body = JSON.stringify(requestAsSent(operation, request));
    for (let attempt = 1; ; attempt++) {
      try {
        return replyAsRead(await this.#attempt(`${prefix}.${operation}`, body));
      } catch (error) {
        if (!(error instanceof ApiError) || !error.mayPass || attempt >= attemptsMax) throw error;
        await this.#pause(firstPauseMs * 2 ** (attempt - 1));
      }
    }
  }

  /** Ends the connections. Calls under way fail. */
  close(): void {
    this.#pool.close();
  }

  async #attempt(target: string, body: string): Promise<object> {
    const { status, text } = await this.#pool.take(async () => {
      const headers = await this.#signer.sign({
        method: "POST",
        url: this.#url,
        headers: {
          "content-type": "application/x-amz-json-1.1",
          "content-length": String(Buffer.byteLength(body)),
          "x-amz-target": target,
        },
        body,
      });
      return await this.#pool.post(this.#url, { ...headers, "user-agent": this.#userAgent }, body);
    });
    if (status !== 200) throw errorInAnswer(status, text);
    try {
      return JSON.parse(text) as object;
    } catch {
      throw new ApiError("NotEcs", "The answer was not JSON.", status);
    }
  }

  #pause(ms: number): Promise<void> {
    const { clock, random } = this.#options;
    return new Promise((resolve) => {
      clock.setTimer(ms / 2 + random.below(ms), resolve);
    });
  }
}

type Answer = { readonly status: number; readonly text: string };

/** Kept connections, and the callers that wait for one. */
class Pool {
  readonly #agent: HttpAgent;
  readonly #request: (url: URL, options: RequestOptions) => ReturnType<typeof httpRequest>;
  readonly #waiting: (() => void)[] = [];
  #busy = 0;

  constructor(url: URL, trust: SecureContext | null) {
    const kept = { keepAlive: true, maxSockets: connectionsMax, timeout: idleMs };
    const isTls = url.protocol === "https:";
    this.#agent = isTls ? new HttpsAgent({ ...kept, ...(trust && { secureContext: trust }) }) : new HttpAgent(kept);
    this.#request = isTls ? httpsRequest : httpRequest;
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

  post(url: URL, headers: Readonly<Record<string, string>>, body: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const fail = (error: NodeJS.ErrnoException): void => {
        clearTimeout(timer);
        const code = error.code ?? "ConnectionFailed";
        reject(new ApiError(code, `${url.origin} does not answer (${error.message || code}).`, null, error));
      };
      // The pool's idle timeout is not for a call under way.
      const request = this.#request(url, { method: "POST", headers, agent: this.#agent, timeout: callTimeoutMs });
      const timer = setTimeout(() => request.destroy(timedOut()), callTimeoutMs);
      request.on("error", fail);
      request.on("response", (response) => {
        readText(response).then((text) => {
          clearTimeout(timer);
          resolve({ status: response.statusCode ?? 0, text });
        }, fail);
      });
      request.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
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
