/** A few services of AWS in memory, for tests: what an agent calls for its tasks, with AWS's refusals and limits. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type AwsEndpoints, awsServices } from "../remote/aws-client.ts";

/** A call as it arrived: operation, region and access key of the signature, and the request. */
export type SmallCall = {
  readonly service: string;
  readonly operation: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly request: Readonly<Record<string, unknown>>;
};

export type SmallEvent = { readonly timestamp: number; readonly message: string };

class Refusal extends Error {
  readonly code: string;
  readonly status: number;
  constructor(code: string, message: string, status = 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

export class SmallAws {
  readonly calls: SmallCall[] = [];
  /** By `group`, then by stream. */
  readonly groups = new Map<string, Map<string, SmallEvent[]>>();
  /** By ARN or name: a text for the current version, or texts by `stage` or `id`. */
  readonly secrets = new Map<string, string | Readonly<Record<string, string>>>();
  readonly parameters = new Map<string, string>();
  /** By `bucket/key`. */
  readonly objects = new Map<string, string>();
  /** What the next calls are refused with, in order; null lets one through. */
  readonly refusals: (readonly [code: string, status: number] | null)[] = [];
  /** While true, nothing is answered: connections end. */
  isCut = false;
  registry: string | null = null;
  /** Calls are answered once this resolves. */
  held: Promise<void> = Promise.resolve();
  /** Calls that wait for their answer now, and the most that ever did. */
  waiting = 0;
  waitingMost = 0;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  static async open(): Promise<SmallAws> {
    const aws = new SmallAws();
    aws.#server.listen(0, "127.0.0.1");
    await once(aws.#server, "listening");
    return aws;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  endpoints(): AwsEndpoints {
    return Object.fromEntries(awsServices.map((service) => [service, this.url])) as AwsEndpoints;
  }

  /** All texts of a stream, in the order of arrival. */
  messages(group: string, stream: string): readonly string[] {
    return (this.groups.get(group)?.get(stream) ?? []).map(({ message }) => message);
  }

  calledFor(operation: string): readonly SmallCall[] {
    return this.calls.filter((call) => call.operation === operation);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    this.waiting += 1;
    this.waitingMost = Math.max(this.waitingMost, this.waiting);
    await this.held;
    this.waiting -= 1;
    if (this.isCut) {
      request.socket.destroy();
      return;
    }
    const body = Buffer.concat(chunks).toString("utf8");
    const [, accessKeyId = "", region = "", service = ""] =
      /Credential=([^/]*)\/\d+\/([^/]*)\/([^/]*)\//.exec(request.headers.authorization ?? "") ?? [];
    try {
      const [code, status] = this.refusals.shift() ?? [];
      if (code !== undefined) throw new Refusal(code, `refused with ${code}`, status);
      const call = this.#callOf(request, body, { service, region, accessKeyId });
      this.calls.push(call);
      this.#send(response, 200, service, this.#reply(call));
    } catch (error) {
      const refusal = error instanceof Refusal ? error : new Refusal("InternalFailure", String(error), 500);
      const { code, message, status } = refusal;
      const isXml = service === "s3" || service === "sts";
      const text = isXml
        ? `<Error><Code>${code}</Code><Message>${message}</Message></Error>`
        : { __type: code, message };
      this.#send(response, status, service, text);
    }
  }

  #send(response: ServerResponse, status: number, _service: string, answer: string | object): void {
    response.writeHead(status).end(typeof answer === "string" ? answer : JSON.stringify(answer));
  }

  #callOf(
    { headers, url = "", method }: IncomingMessage,
    body: string,
    who: Pick<SmallCall, "service" | "region" | "accessKeyId">,
  ): SmallCall {
    if (method === "GET") return { ...who, operation: "GetObject", request: { key: decodeURIComponent(url.slice(1)) } };
    if (who.service === "sts") {
      const request = Object.fromEntries(new URLSearchParams(body));
      return { ...who, operation: request.Action ?? "", request };
    }
    const target = String(headers["x-amz-target"] ?? "");
    return {
      ...who,
      operation: target.slice(target.indexOf(".") + 1),
      request: JSON.parse(body) as SmallCall["request"],
    };
  }

  #reply({ operation, request }: SmallCall): string | object {
    const text = (name: string): string => String(request[name] ?? "");
    switch (operation) {
      case "CreateLogGroup":
        this.groups.set(text("logGroupName"), this.groups.get(text("logGroupName")) ?? new Map());
        return {};
      case "CreateLogStream":
        return this.#createStream(text("logGroupName"), text("logStreamName"));
      case "PutLogEvents":
        return this.#put(
          this.#streamOf(text("logGroupName"), text("logStreamName")),
          request.logEvents as SmallEvent[],
        );
      case "GetSecretValue":
        return this.#secret(text("SecretId"), text("VersionStage") || text("VersionId") || "AWSCURRENT");
      case "GetParameters":
        return this.#parametersOf(request.Names as string[]);
      case "GetAuthorizationToken": {
        const authorizationToken = Buffer.from("AWS:small-password").toString("base64");
        return { authorizationData: [{ authorizationToken, proxyEndpoint: this.registry }] };
      }
      case "GetObject": {
        const found = this.objects.get(text("key"));
        if (found === undefined) throw new Refusal("NoSuchKey", "The specified key does not exist.", 404);
        return found;
      }
      case "AssumeRole": {
        const members = {
          AccessKeyId: "ASIAASSUMED",
          SecretAccessKey: "s",
          SessionToken: "t&amp;t",
          Expiration: "2030-01-01T00:00:00Z",
        };
        const inner = Object.entries(members).map(([name, value]) => `<${name}>${value}</${name}>`);
        return `<AssumeRoleResponse><AssumeRoleResult><Credentials>${inner.join("")}</Credentials></AssumeRoleResult></AssumeRoleResponse>`;
      }
      default:
        throw new Refusal("UnknownOperationException", operation);
    }
  }

  #createStream(group: string, stream: string): object {
    const streams = this.groups.get(group);
    if (streams === undefined)
      throw new Refusal("ResourceNotFoundException", "The specified log group does not exist.");
    if (streams.has(stream))
      throw new Refusal("ResourceAlreadyExistsException", "The specified log stream already exists");
    streams.set(stream, []);
    return {};
  }

  #streamOf(group: string, stream: string): SmallEvent[] {
    const found = this.groups.get(group)?.get(stream);
    if (found === undefined) throw new Refusal("ResourceNotFoundException", "The specified log stream does not exist.");
    return found;
  }

  /** AWS: the limits of a batch. */
  #put(stream: SmallEvent[], events: readonly SmallEvent[]): object {
    const times = events.map(({ timestamp }) => timestamp);
    const bytes = events.reduce((sum, { message }) => sum + Buffer.byteLength(message) + 26, 0);
    const isOrdered = times.every((time, index) => index === 0 || time >= (times[index - 1] ?? 0));
    const isFilled = events.length > 0 && events.every(({ message }) => message !== "");
    const span = (times.at(-1) ?? 0) - (times[0] ?? 0);
    if (!isOrdered || !isFilled || bytes > 1_048_576 || events.length > 10_000 || span > 86_400_000) {
      throw new Refusal("InvalidParameterException", `${events.length} events, ${bytes} bytes, ${span} ms`);
    }
    stream.push(...events);
    return { nextSequenceToken: "1" };
  }

  #secret(id: string, version: string): object {
    const found = this.secrets.get(id);
    const value = typeof found === "string" ? found : found?.[version];
    if (value === undefined) {
      throw new Refusal("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
    }
    return { ARN: id, SecretString: value };
  }

  #parametersOf(names: readonly string[]): object {
    if (names.length > 10) throw new Refusal("ValidationException", "too many names");
    const nameOf = (name: string): string =>
      name.startsWith("arn:") ? name.slice(name.indexOf("parameter/") + 9) : name;
    const isKnown = (name: string): boolean => this.parameters.has(nameOf(name));
    return {
      Parameters: names
        .filter(isKnown)
        .map((name) => ({ Name: nameOf(name), Value: this.parameters.get(nameOf(name)) })),
      InvalidParameters: names.filter((name) => !isKnown(name)),
    };
  }
}
