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
  /** As `http://127.0.0.1:4280`. */
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: AgentCredentials;
  /** Null for who is no agent. */
  readonly agentVersion: string | null;
  readonly clock: Clock;
  readonly random: RandomStream;
  /** Certificates beside those of the system, from `trustedCertificates`; null for none. */
  readonly trust: SecureContext | null;
};

/** AWS: an agent gives a call that long. */
const callTimeoutMs = 42_000;
/** AWS: the SDK's attempts, and the pause before the second; it doubles, with some chance. */
const attemptsMax = 3;
const firstPauseMs = 100;
/** LIMIT: connections of all agents of a process together; five thousand that register at once wait their turn. */
const connectionsMax = 32;
/** LIMIT: longer than agents pause between calls, shorter than servers keep a connection that is idle. */
const idleMs = 4_000;
/** LIMIT: answers to agents are a few KiB; that of ExplainPlacement has a KiB for each container instance that lacks something. */
const answerBytesMax = 32 * 1_048_576;
/** AWS: what stands before the operations of ECS. */
const ecsPrefix = "AmazonEC2ContainerServiceV20141113";

/** The ECS API over HTTP, signed. One may serve any number of agents: they share its connections. */
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
    // AWS: the control plane knows agents by how this begins.
    this.#userAgent =
      options.agentVersion === null
        ? "berth"
        : `Amazon ECS Agent - v${options.agentVersion} (berth) (linux) (+http://aws.amazon.com/ecs/)`;
  }

  /** The same over the same connections in another's name, as an agent asks for a task with the task's role. */
  as(credentials: AgentCredentials): SignedApi {
    return new SignedApi({ ...this.#options, credentials }, this.#pool);
  }

  /**
   * Makes a call, up to three times when it fails by the connection or the server. Rejects with ApiError, whose `code` is ECS's
   * or that of the connection. `prefix` is that of another API than ECS on the same port.
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

  /** Ends the connections; calls under way fail. */
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
      throw new ApiError("NotEcs", "The answer was no JSON.", status);
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

/** Connections that are kept, and who waits for one. */
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

  /** Does `work` when there is a connection for it; its time runs from then on. */
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
      // The idle time of the pool is not for a call under way.
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
