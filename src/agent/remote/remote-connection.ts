import type { IncomingMessage } from "node:http";
import type { SecureContext } from "node:tls";
import { WebSocket } from "ws";
import { type AgentConnection, inactiveInstance } from "../../agent-protocol/connection.ts";
import type { RequestSigner } from "./request-signer.ts";

export type ConnectionNews =
  | { readonly type: "open" }
  | { readonly type: "closed"; readonly code: number; readonly reason: string };

export type RemoteConnectionOptions = {
  /** An http or https URL. Null fails. */
  readonly url: URL | null;
  readonly signer: RequestSigner;
  /** AWS: on the telemetry socket, each message is preceded by the headers of a signed request. */
  readonly signsMessages: boolean;
  readonly trust: SecureContext | null;
  readonly onNews: (news: ConnectionNews) => void;
};

/** AWS: how long an agent waits for dialling and the handshake. */
const dialTimeoutMs = 30_000;
/** LIMIT: a payload of ten tasks with ten containers of the largest definition (64 KiB each), with plenty to spare. */
const messageBytesMax = 16 * 1_048_576;
/** LIMIT: a close is answered within a round trip; otherwise the socket is cut. */
const closeTimeoutMs = 2_000;
/**
 * LIMIT: more than an agent reports in minutes; with this much waiting, the control plane does not read, and the connection is
 * lost.
 */
const waitingBytesMax = 8 * 1_048_576;
/** AWS: how many messages of a kind are kept without a connection: five minutes of them, one each 20 s. */
const waitingMessagesMax = 15;
/** LIMIT: a refusal is a line of JSON. */
const refusalBytesMax = 16_384;
/** LIMIT: set by the WebSocket protocol, for the reason of a close. */
const reasonBytesMax = 123;
/** The connection ended without a close. */
const abnormal = 1006;

/** One socket to the control plane. It dials when it is created. Messages sent before it is open wait. */
export class RemoteConnection implements AgentConnection {
  readonly #options: RemoteConnectionOptions;
  #socket: WebSocket | null = null;
  #message: (message: unknown) => void = () => {};
  #close: (code: number, reason: string) => void = () => {};
  #opened: () => void = () => {};
  #waiting: object[] = [];
  /** Settles when everything sent so far is signed and with the socket. */
  #signing: Promise<void> = Promise.resolve();
  #over = false;

  constructor(options: RemoteConnectionOptions) {
    this.#options = options;
    this.#dial().catch((error: unknown) =>
      this.#lost(abnormal, error instanceof Error ? error.message : String(error)),
    );
  }

  onOpen(listener: () => void): void {
    this.#opened = listener;
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#message = listener;
  }

  onClose(listener: (code: number, reason: string) => void): void {
    this.#close = listener;
  }

  send(message: object): void {
    if (this.#over) return;
    if (this.#socket?.readyState === WebSocket.OPEN) this.#transmit(this.#socket, message);
    else if (this.#waiting.length < waitingMessagesMax) this.#waiting.push(message);
  }

  close(code: number, reason: string): void {
    if (this.#over) return;
    this.#over = true;
    const socket = this.#socket;
    // What was sent before the close arrives before it.
    if (socket?.readyState === WebSocket.OPEN) void this.#signing.then(() => socket.close(code, cut(reason)));
    else socket?.terminate();
    this.#options.onNews({ type: "closed", code, reason });
  }

  async #dial(): Promise<void> {
    const { url, signer, trust } = this.#options;
    // Nobody is listening yet.
    await null;
    if (url === null) throw new Error("unknown scheme: the endpoint must be an http or https address");
    const headers = await signer.sign({ method: "GET", url, headers: {}, body: "" });
    if (this.#over) return;
    const options = {
      headers: { ...headers, "user-agent": "Go-http-client/1.1" },
      handshakeTimeout: dialTimeoutMs,
      maxPayload: messageBytesMax,
      closeTimeout: closeTimeoutMs,
      perMessageDeflate: false,
      followRedirects: false,
      ...(trust && { secureContext: trust }),
    };
    const socket = new WebSocket(url.href.replace(/^http/, "ws"), options);
    this.#socket = socket;
    socket.on("open", () => this.#open(socket));
    socket.on("message", (data) => this.#received(data as Buffer));
    socket.on("unexpected-response", (_, response) => void this.#refused(socket, response));
    // A close follows.
    socket.on("error", (error) => this.#lost(abnormal, error.message));
    socket.on("close", (code, reason) => this.#lost(code, reason.toString("utf8")));
  }

  #open(socket: WebSocket): void {
    if (this.#over) {
      socket.terminate();
      return;
    }
    this.#options.onNews({ type: "open" });
    for (const message of this.#waiting) this.#transmit(socket, message);
    this.#waiting = [];
    this.#opened();
  }

  #transmit(socket: WebSocket, message: object): void {
    const text = JSON.stringify(message);
    if (socket.bufferedAmount > waitingBytesMax) {
      this.#lost(abnormal, "the control plane does not read");
      socket.terminate();
      return;
    }
    if (!this.#options.signsMessages) {
      socket.send(text);
      return;
    }
    this.#signing = this.#signing
      .then(async () => socket.send(await this.#signed(text)))
      // Otherwise nothing would handle it and the process would end.
      .catch((error: unknown) => this.#failed(socket, error));
  }

  #failed(socket: WebSocket, error: unknown): void {
    this.#lost(abnormal, error instanceof Error ? error.message : String(error));
    socket.terminate();
  }

  async #signed(text: string): Promise<string> {
    const { signer, url } = this.#options;
    if (url === null) return text;
    const headers = await signer.sign({ method: "GET", url, headers: {}, body: text });
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    return `${lines.join("")}\r\n${text}`;
  }

  #received(data: Buffer): void {
    if (this.#over) return;
    let message: unknown;
    try {
      message = JSON.parse(data.toString("utf8"));
    } catch {
      // AWS: the agent drops what is not JSON.
      return;
    }
    this.#message(message);
  }

  /** AWS: the body says why. A missing instance differs from all other errors. */
  async #refused(socket: WebSocket, response: IncomingMessage): Promise<void> {
    const refusal = refusalIn(response.statusCode ?? 0, await bodyOf(response));
    const code = refusal.startsWith(inactiveInstance.word) ? inactiveInstance.code : abnormal;
    this.#lost(code, refusal);
    socket.terminate();
  }

  #lost(code: number, reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#options.onNews({ type: "closed", code, reason });
    this.#close(code, reason);
  }
}

async function bodyOf(response: IncomingMessage): Promise<string> {
  let text = "";
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      text += chunk.toString("utf8");
      if (text.length > refusalBytesMax) break;
    }
  } catch {
    // What came before the connection broke may say enough.
  }
  return text;
}

/** `ErrorType: text` of a refused handshake. AWS: the type is the only name in the body, or in `type`. */
export function refusalIn(status: number, body: string): string {
  try {
    const refusal = JSON.parse(body) as Readonly<Record<string, unknown>>;
    if (typeof refusal.type === "string") {
      const { message } = (refusal.message ?? {}) as { readonly message?: unknown };
      return `${refusal.type}: ${typeof message === "string" ? message : ""}`;
    }
    const [first] = Object.entries(refusal);
    if (first !== undefined) return `${first[0]}: ${String(first[1])}`;
  } catch {
    // Not a refusal from ECS.
  }
  return `the handshake was answered with HTTP ${status}`;
}

function cut(reason: string): string {
  return Buffer.from(reason, "utf8")
    .subarray(0, reasonBytesMax)
    .toString("utf8")
    .replace(/\ufffd+$/, "");
}
