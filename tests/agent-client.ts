/** An agent's end of the two sockets, driven step by step by a test and signed as the official agent signs. */
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { SignatureV4 } from "@smithy/signature-v4";
import { WebSocket } from "ws";
import { parseToAgent, type ToAgent } from "../src/agent-protocol/to-agent.ts";
import { must } from "../src/lib/assert.ts";
import { Sha256 } from "../src/lib/sha256.ts";

export type Credentials = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
};

export type Channel = "acs" | "tcs";

export type AgentOptions = {
  /** Base of the endpoints, such as `http://127.0.0.1:4280`. */
  readonly base: string;
  readonly containerInstanceArn: string;
  readonly credentials: Credentials;
  readonly region?: string;
  readonly cluster?: string;
  /** Added to the query, or replacing its members. Null leaves a name out. */
  readonly query?: Readonly<Record<string, string | null>>;
  readonly path?: string;
  readonly signingDate?: Date;
  /** What is signed, if it differs from what is sent. */
  readonly signedQuery?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The certificate that signed the server's. */
  readonly ca?: string;
};

/** A handshake that was not completed. */
export class Refused extends Error {
  readonly status: number;
  readonly body: string;

  constructor(status: number, body: string) {
    super(`${status} ${body}`);
    this.status = status;
    this.body = body;
  }
}

/** LIMIT: everything that is awaited takes milliseconds; a machine that is busy with other tests is slower. */
const patienceMs = 20_000;

/** The query of an agent's URL, spelled as the official agent does: a space is a plus. */
export function queryOf(
  channel: Channel,
  { containerInstanceArn, cluster = "default", query = {} }: AgentOptions,
): string {
  const own: Record<string, string> =
    channel === "acs"
      ? {
          agentHash: "c0ffee01",
          agentVersion: "1.96.0",
          clusterArn: cluster,
          containerInstanceArn,
          dockerVersion: "DockerVersion: 20.10.24+dfsg1",
          protocolVersion: "2",
          sendCredentials: "true",
          seqNum: "1",
        }
      : {
          agentHash: "c0ffee01",
          agentVersion: "1.96.0",
          cluster,
          containerInstance: containerInstanceArn,
          dockerVersion: "20.10.24+dfsg1",
        };
  const all = Object.entries({ ...own, ...query }).filter((entry): entry is [string, string] => entry[1] !== null);
  return new URLSearchParams(all).toString();
}

/** Headers of a signed GET of `url` with `body`, also used in front of a telemetry message. */
export async function signedHeaders(
  url: URL,
  query: string,
  {
    credentials,
    region = "us-east-1",
    signingDate = new Date(),
  }: Pick<AgentOptions, "credentials" | "region" | "signingDate">,
  body = "",
): Promise<Record<string, string>> {
  const signer = new SignatureV4({ service: "ecs", region, credentials, sha256: Sha256, applyChecksum: false });
  const request = {
    method: "GET",
    protocol: url.protocol,
    hostname: url.host,
    path: url.pathname,
    query: Object.fromEntries(new URLSearchParams(query)),
    headers: { host: url.host },
    body,
  };
  const { headers } = await signer.sign(request, { signingDate });
  return { ...headers };
}

/** Opens a socket. Rejects with {@link Refused} if the handshake is refused. */
export async function openSocket(channel: Channel, options: AgentOptions): Promise<AgentSocket> {
  const query = queryOf(channel, options);
  const url = new URL(`${options.base}${options.path ?? `/${channel}/ws`}`);
  const headers = { ...(await signedHeaders(url, options.signedQuery ?? query, options)), ...options.headers };
  const socket = new WebSocket(`${url.href.replace(/^http/, "ws")}?${query}`, {
    headers,
    perMessageDeflate: false,
    // The certificates of tests are in nobody's name.
    ...(options.ca === undefined ? {} : { ca: options.ca, checkServerIdentity: () => undefined }),
  });
  const agent = new AgentSocket(socket, (body) =>
    signedHeaders(url, query, { ...options, signingDate: new Date() }, body),
  );
  const refused = Promise.withResolvers<never>();
  socket.once("unexpected-response", (_, response: IncomingMessage) => {
    let body = "";
    response.on("data", (chunk: Buffer) => {
      body += chunk.toString("utf8");
    });
    response.once("close", () => refused.reject(new Refused(response.statusCode ?? 0, body)));
  });
  await Promise.race([once(socket, "open"), refused.promise]);
  return agent;
}

type MessageOf<Type extends ToAgent["type"]> = Extract<ToAgent, { readonly type: Type }>["message"];

export class AgentSocket {
  readonly socket: WebSocket;
  readonly messages: ToAgent[] = [];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  isClosed = false;
  readonly #sign: (body: string) => Promise<Record<string, string>>;
  readonly #taken = new Set<ToAgent>();
  #wake = Promise.withResolvers<void>();

  constructor(socket: WebSocket, sign: (body: string) => Promise<Record<string, string>>) {
    this.socket = socket;
    this.#sign = sign;
    const closed = Promise.withResolvers<{ readonly code: number; readonly reason: string }>();
    this.closed = closed.promise;
    socket.on("error", () => {});
    socket.on("close", (code, reason) => {
      this.isClosed = true;
      closed.resolve({ code, reason: reason.toString("utf8") });
      this.#wake.resolve();
    });
    socket.on("message", (data) => {
      const parsed = parseToAgent(JSON.parse((data as Buffer).toString("utf8")));
      if (!parsed.ok) throw new Error(`A message of the wrong shape: ${parsed.type}, ${parsed.problem}`);
      this.messages.push(parsed.message);
      this.#wake.resolve();
    });
  }

  send(type: string, message: object): void {
    this.socket.send(JSON.stringify({ type, message }));
  }

  /** Sends a message after the headers that sign it, as agents do on the telemetry socket. */
  async sendSigned(type: string, message: object, change: (text: string) => string = (text) => text): Promise<void> {
    const body = JSON.stringify({ type, message });
    const headers = Object.entries(await this.#sign(body)).map(([name, value]) => `${name}: ${value}\r\n`);
    this.socket.send(change(`${headers.join("")}\r\n${body}`));
  }

  /** The first message of a type that has not been taken yet. Rejects if none comes, or the socket closes before. */
  async next<Type extends ToAgent["type"]>(type: Type): Promise<MessageOf<Type>> {
    const deadline = performance.now() + patienceMs;
    for (;;) {
      const found = this.messages.find((message) => message.type === type && !this.#taken.has(message));
      if (found !== undefined) {
        this.#taken.add(found);
        return found.message as MessageOf<Type>;
      }
      if (this.isClosed) throw new Error(`The socket was closed before a ${type} came.`);
      this.#wake = Promise.withResolvers();
      const timer = setTimeout(() => this.#wake.resolve(), Math.max(0, deadline - performance.now()));
      await this.#wake.promise;
      clearTimeout(timer);
      if (performance.now() >= deadline) throw new Error(`No ${type} came.`);
    }
  }

  /** The addresses of a message, for the answer to it. */
  acknowledge(message: {
    readonly messageId: string;
    readonly clusterArn?: unknown;
    readonly containerInstanceArn?: unknown;
  }): void {
    const { messageId, clusterArn, containerInstanceArn } = message;
    this.send("AckRequest", { cluster: clusterArn, containerInstance: containerInstanceArn, messageId });
  }

  close(code = 1000): void {
    this.socket.close(code);
  }
}

export const instanceIdOf = (arn: string): string => must(arn.split("/").at(-1), "the id in an ARN");
