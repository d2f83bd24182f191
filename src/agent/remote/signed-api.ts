import type { SecureContext } from "node:tls";
import type { EcsApi } from "../../agent-protocol/connection.ts";
import type { Clock } from "../../lib/clock.ts";
import type { RandomStream } from "../../lib/random.ts";
import { ApiError, errorInAnswer } from "./api-error.ts";
import { replyAsRead, requestAsSent } from "./call-times.ts";
import { ConnectionPool } from "./connection-pool.ts";
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

/** AWS: the SDK's attempts, and the pause before the second. It doubles, with some jitter. */
const attemptsMax = 3;
const firstPauseMs = 100;
/** AWS: the prefix of ECS's operations. */
const ecsPrefix = "AmazonEC2ContainerServiceV20141113";

/** The ECS API over HTTP, signed. One may serve any number of agents, which share its connections. */
export class SignedApi implements EcsApi {
  readonly #options: SignedApiOptions;
  readonly #pool: ConnectionPool;
  readonly #signer: RequestSigner;
  readonly #url: URL;
  readonly #userAgent: string;

  constructor(options: SignedApiOptions, pool: ConnectionPool | null = null) {
    this.#options = options;
    this.#url = new URL("/", options.endpoint);
    this.#signer = new RequestSigner({ ...options, service: "ecs" });
    this.#pool = pool ?? new ConnectionPool(options.trust);
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
      return await this.#pool.send("POST", this.#url, { ...headers, "user-agent": this.#userAgent }, body);
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
