import type { Clock } from "../../lib/clock.ts";
import type { RandomStream } from "../../lib/random.ts";
import { ApiError, errorInAnswer, errorInXml } from "./api-error.ts";
import type { ConnectionPool } from "./connection-pool.ts";
import { type AgentCredentials, RequestSigner, type RequestToSign } from "./request-signer.ts";

/** The services that an agent calls for its tasks, as signatures name them. */
export const awsServices = ["ecr", "logs", "s3", "secretsmanager", "ssm", "sts"] as const;
export type AwsService = (typeof awsServices)[number];

/** Where a service is: a URL, or `aws` for AWS itself in the region of the call. */
export type AwsEndpoints = Readonly<Record<AwsService, string>>;

/** Who calls, and for which region. */
export type AwsCaller = { readonly region: string; readonly credentials: AgentCredentials };

export type AwsClientOptions = {
  /** Read at each call, because a server in this process learns its own address late. */
  readonly endpoints: () => AwsEndpoints;
  readonly pool: ConnectionPool;
  readonly clock: Clock;
  readonly random: RandomStream;
};

export type AwsCallOptions = {
  /** How often to try. The default is the SDK's. */
  readonly attempts?: number;
  /** Another endpoint than the configured one. */
  readonly endpoint?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
};

/** AWS: the SDK's attempts, and the pause before the second. It doubles, with some jitter. */
const attemptsMax = 3;
const firstPauseMs = 100;

/** AWS: the target prefixes of the services that speak JSON. */
const targets = {
  ecr: "AmazonEC2ContainerRegistry_V20150921",
  logs: "Logs_20140328",
  secretsmanager: "secretsmanager",
  ssm: "AmazonSSM",
} as const;
export type JsonService = keyof typeof targets;

/** Calls to AWS services other than ECS on behalf of tasks. Every method rejects with ApiError. */
export class AwsClient {
  readonly #options: AwsClientOptions;

  constructor(options: AwsClientOptions) {
    this.#options = options;
  }

  /** Calls an operation of a service that speaks JSON 1.1, and returns its answer. */
  async json(
    service: JsonService,
    operation: string,
    request: object,
    caller: AwsCaller,
    options: AwsCallOptions = {},
  ): Promise<object> {
    const body = JSON.stringify(request);
    const headers = {
      ...options.headers,
      "content-type": "application/x-amz-json-1.1",
      "content-length": String(Buffer.byteLength(body)),
      "x-amz-target": `${targets[service]}.${operation}`,
    };
    const url = this.#urlOf(service, caller.region, options.endpoint ?? null);
    return await this.#repeated(options.attempts ?? attemptsMax, async () => {
      const { status, text } = await this.#send(service, { method: "POST", url, headers, body }, caller);
      if (status !== 200) throw errorInAnswer(status, text, service);
      try {
        return (text === "" ? {} : JSON.parse(text)) as object;
      } catch {
        throw new ApiError("NotAws", `The answer of ${service} was not JSON.`, status);
      }
    });
  }

  /** Calls an operation of STS, and returns its answer, XML. */
  async sts(parameters: Readonly<Record<string, string>>, caller: AwsCaller): Promise<string> {
    const body = new URLSearchParams({ ...parameters, Version: "2011-06-15" }).toString();
    const headers = {
      "content-type": "application/x-www-form-urlencoded; charset=utf-8",
      "content-length": String(Buffer.byteLength(body)),
    };
    const url = this.#urlOf("sts", caller.region, null);
    return await this.#repeated(attemptsMax, async () => {
      const { status, text } = await this.#send("sts", { method: "POST", url, headers, body }, caller);
      if (status !== 200) throw errorInXml(status, text, "sts");
      return text;
    });
  }

  /** The text of an object in S3. */
  async object(bucket: string, key: string, caller: AwsCaller): Promise<string> {
    const url = this.#urlOf("s3", caller.region, null);
    // A URL loses such parts, and the object would be another one.
    if (key.split("/").some((part) => part === "." || part === ".."))
      throw new ApiError("InvalidKey", `${key} cannot be read: a part of it is a dot or two.`, 400);
    url.pathname = `/${[bucket, ...key.split("/")].map(encodeInPath).join("/")}`;
    return await this.#repeated(attemptsMax, async () => {
      const { status, text } = await this.#send("s3", { method: "GET", url, headers: {}, body: "" }, caller);
      if (status !== 200) throw errorInXml(status, text, "s3");
      return text;
    });
  }

  async #send(service: AwsService, request: RequestToSign, { region, credentials }: AwsCaller) {
    const { pool } = this.#options;
    return await pool.take(async () => {
      const signed = await new RequestSigner({ service, region, credentials }).sign(request);
      const headers = { ...signed, "user-agent": "berth" };
      return await pool.send(request.method, request.url, headers, request.method === "GET" ? null : request.body);
    });
  }

  async #repeated<T>(attempts: number, work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof ApiError) || !error.mayPass || attempt >= attempts) throw error;
        await this.#pause(firstPauseMs * 2 ** (attempt - 1));
      }
    }
  }

  #pause(ms: number): Promise<void> {
    const { clock, random } = this.#options;
    return new Promise((resolve) => {
      clock.setTimer(ms / 2 + random.below(ms), resolve);
    });
  }

  #urlOf(service: AwsService, region: string, given: string | null): URL {
    const endpoint = given ?? this.#options.endpoints()[service];
    if (endpoint !== "aws") return new URL("/", endpoint);
    // A region becomes a part of a host name, so nothing else may pass for one.
    if (!/^[a-z]{2}(-[a-z]+)+-\d$/.test(region)) throw new ApiError("InvalidRegion", `${region} is not a region.`, 400);
    const host = service === "ecr" ? "api.ecr" : service;
    return new URL(`https://${host}.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}/`);
  }
}

/** AWS: S3 signs paths in which everything but the unreserved characters is encoded. */
const encodeInPath = (part: string): string =>
  encodeURIComponent(part).replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);
