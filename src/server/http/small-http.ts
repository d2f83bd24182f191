/** An HTTP port in front of a control plane that is one function, for tests. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { FastifyInstance } from "fastify";
import { CallMetrics } from "../health/call-metrics.ts";
import { openLog } from "../log/log.ts";
import { AllowedHosts } from "./allowed-hosts.ts";
import type { AnswerApi } from "./answer-call.ts";
import { looseAuthentication } from "./authenticate.ts";
import { createHttp, type HttpOptions } from "./http.ts";

export const authorization =
  "AWS4-HMAC-SHA256 Credential=123456789012/20261121/eu-west-1/ecs/aws4_request, SignedHeaders=host, Signature=00ff";

export const target = (operation: string): string => `AmazonEC2ContainerServiceV20141113.${operation}`;

/** The head of a call without the empty line at its end. */
export const callHead = (operation: string): string =>
  `POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: ${target(operation)}\r\nAuthorization: ${authorization}\r\n`;

/** A whole call. */
export const callBytes = (operation: string, body = "{}"): string =>
  `${callHead(operation)}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

export class SmallHttp {
  /** What the control plane behind the port does, set by each test. */
  answer: AnswerApi = async () => ({});
  readonly lines: string[] = [];
  readonly metrics = new CallMetrics();
  readonly app: FastifyInstance;
  port = 0;

  private constructor(options: Partial<HttpOptions>) {
    this.app = createHttp({
      authenticate: looseAuthentication("000000000000"),
      anonymous: null,
      isBuiltIn: () => true,
      foreign: {
        hosts: new AllowedHosts({ listenHost: "127.0.0.1", advertise: null, names: [] }),
        signedUnderAnyHost: false,
      },
      operatorsNeedKey: false,
      answerApi: (call) => this.answer(call),
      takeTurn: (_, work) => work(),
      metrics: this.metrics,
      log: openLog("debug", { write: (line) => this.lines.push(line) }),
      health: () => ({ healthy: true }),
      metricsText: async () => ({ contentType: "text/plain", text: "" }),
      ...options,
    });
  }

  static async open(options: Partial<HttpOptions> = {}): Promise<SmallHttp> {
    const http = new SmallHttp(options);
    await http.app.listen({ host: "127.0.0.1", port: 0 });
    const address = http.app.server.address();
    if (typeof address === "object" && address !== null) http.port = address.port;
    return http;
  }

  async close(): Promise<void> {
    const closed = this.app.close();
    this.app.server.closeAllConnections();
    await closed;
  }

  call(
    operation: string,
    body: string | Uint8Array<ArrayBuffer> = "{}",
    headers: Record<string, string> = {},
  ): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.port}/`, {
      method: "POST",
      headers: { authorization, "x-amz-target": target(operation), ...headers },
      body,
    });
  }

  /** A connection from an address of the loopback network that has sent so much and ignores what comes back. */
  async send(bytes: string, localAddress = "127.0.0.1"): Promise<Socket> {
    const socket = connect({ port: this.port, host: "127.0.0.1", localAddress });
    socket.on("error", () => {});
    await once(socket, "connect");
    socket.write(bytes);
    return socket;
  }

  /** Sends bytes and gives all that comes back until the server closes. */
  async exchange(bytes: string, localAddress?: string): Promise<string> {
    const socket = await this.send(bytes, localAddress);
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
    });
    await once(socket, "close");
    return text;
  }
}
