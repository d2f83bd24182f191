/**
 * Passes requests on to the companion: an emulator or a proxy that answers for the services that Berth doesn't have. Requests and answers stream through,
 * piece by piece, as fast as the slower side takes them; nothing is held as a whole.
 */
import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { throttled, WireError } from "../../wire/errors.ts";
import { ask, type Question, type WholeAnswer } from "./asked-call.ts";
import { CallsUnderWay } from "./calls-under-way.ts";
import { type CompanionLimits, companionLimits } from "./companion-limits.ts";
import { type Deadline, Deadlines } from "./deadlines.ts";
import { BodyRefusedError, passBody } from "./passed-body.ts";
import { passedHeaders } from "./passed-headers.ts";

/** A request that is passed on: as it came, or signed again. */
export type PassedRequest = {
  readonly account: string;
  readonly request: IncomingMessage;
  /** The headers that the companion gets, names and values in turn. */
  readonly headers: readonly string[];
  /** The body, where it had to be read before; null for one that is still to come. */
  readonly body: Uint8Array | null;
  /** The SHA-256 that a body which is still to come must have, in hex; null for any. */
  readonly sha256: string | null;
};

export class Companion {
  readonly url: URL;
  readonly #limits: CompanionLimits;
  readonly #agent: HttpAgent | HttpsAgent;
  readonly #calls: CallsUnderWay;
  readonly #asked: CallsUnderWay;
  readonly #deadlines = new Deadlines();

  /** `url` is an origin, `http:` or `https:`. */
  constructor(url: string, limits: Partial<CompanionLimits> = {}) {
    this.url = new URL(url);
    this.#limits = { ...companionLimits, ...limits };
    const { keptConnections, keptMs, calls, callsPerAccount, askedCalls, askedCallsPerAccount } = this.#limits;
    const kept = { keepAlive: true, maxFreeSockets: keptConnections, timeout: keptMs, scheduling: "lifo" } as const;
    this.#agent = this.url.protocol === "https:" ? new HttpsAgent(kept) : new HttpAgent(kept);
    this.#calls = new CallsUnderWay({ total: calls, perAccount: callsPerAccount });
    this.#asked = new CallsUnderWay({ total: askedCalls, perAccount: askedCallsPerAccount });
  }

  get limits(): CompanionLimits {
    return this.#limits;
  }

  /** Calls that the companion has and has not answered yet. */
  get underWay(): number {
    return this.#calls.total;
  }

  close(): void {
    this.#agent.destroy();
  }

  /**
   * Passes a request on and its answer back into `response`. Resolves when the answer is over, whole or cut. Rejects, before anything of an answer was sent, with
   * WireError: ThrottlingException when too many calls of the account are under way, RequestEntityTooLargeException, InvalidSignatureException for a
   * body that is not the signed one, ServiceUnavailableException that names a companion that doesn't answer, or not in time, or with something else than HTTP.
   */
  async pass(passed: PassedRequest, response: ServerResponse): Promise<void> {
    const end = this.#calls.begin(passed.account);
    if (end === null) throw throttled();
    const { socket } = passed.request;
    const { timeout: before = 0 } = socket;
    // The limits of the companion hold now: an answer may take longer than a client of the API may be silent.
    socket.setTimeout(0);
    try {
      await new PassedCall(this.url, this.#agent, this.#limits, this.#deadlines, passed, response).run();
    } finally {
      end();
      if (!socket.destroyed) socket.setTimeout(before);
    }
  }

  /**
   * Asks the companion something for an answer of Berth's own, and holds what it answers. Rejects with NoAnswerError, and with
   * WireError(ThrottlingException) when too many questions of the account are under way.
   */
  async ask(account: string, question: Question): Promise<WholeAnswer> {
    const end = this.#asked.begin(account);
    if (end === null) throw throttled();
    const { askedBytes: bytesMax, askedMs: timeoutMs } = this.#limits;
    try {
      return await ask(this.url, this.#agent, question, { bytesMax, timeoutMs, deadlines: this.#deadlines });
    } finally {
      end();
    }
  }
}

/** One call on its way to the companion and back. */
class PassedCall {
  readonly #url: URL;
  readonly #limits: CompanionLimits;
  readonly #passed: PassedRequest;
  readonly #response: ServerResponse;
  readonly #upstream: ClientRequest;
  readonly #done = Promise.withResolvers<void>();
  readonly #deadlines: Deadlines;
  /** Until when the companion, or the caller, has to do what it is waited for. */
  readonly #deadline: Deadline;
  /** What is wrong when that is over. */
  #problem = "";
  #isConnected = false;
  /** Whether all of the request is on its way. */
  #isSent = false;

  constructor(
    url: URL,
    agent: HttpAgent | HttpsAgent,
    limits: CompanionLimits,
    deadlines: Deadlines,
    passed: PassedRequest,
    response: ServerResponse,
  ) {
    this.#deadlines = deadlines;
    this.#deadline = {
      at: 0,
      passed: () => {
        this.#fail(companionError(url, this.#problem));
        this.#upstream.destroy();
      },
    };
    this.#url = url;
    this.#limits = limits;
    this.#passed = passed;
    this.#response = response;
    const { request, headers } = passed;
    const options = {
      agent,
      method: request.method ?? "GET",
      path: request.url ?? "/",
      headers: [...headers],
      setHost: false,
      maxHeaderSize: limits.headerBytes,
    };
    this.#upstream =
      url.protocol === "https:"
        ? httpsRequest(url, { ...options, servername: url.hostname })
        : httpRequest(url, options);
  }

  async run(): Promise<void> {
    const upstream = this.#upstream;
    const response = this.#response;
    upstream.on("error", (error) => this.#fail(noAnswer(this.#url, error)));
    upstream.on("response", (answer) => this.#passBack(answer));
    upstream.on("upgrade", (_answer, socket) => {
      socket.destroy();
      this.#fail(companionError(this.#url, "answered with another protocol"));
    });
    // Whoever called is gone: the companion needn't go on.
    response.once("close", () => {
      upstream.destroy();
      this.#done.resolve();
    });
    this.#waitFor(this.#limits.connectMs, "cannot be reached in time");
    this.#deadlines.add(this.#deadline);
    upstream.once("socket", (socket) => {
      if (!socket.connecting) this.#connected();
      else socket.once(this.#url.protocol === "https:" ? "secureConnect" : "connect", () => this.#connected());
    });
    try {
      this.#sendBody();
      await this.#done.promise;
    } finally {
      this.#deadlines.remove(this.#deadline);
    }
  }

  #sendBody(): void {
    const { body, request, sha256 } = this.#passed;
    const sent = (): void => {
      this.#isSent = true;
      this.#moved();
    };
    if (body !== null) {
      this.#upstream.end(body);
      sent();
      return;
    }
    const moved = () => this.#moved();
    passBody(request, this.#upstream, { bytesMax: this.#limits.bodyBytes, sha256, moved }).then(
      sent,
      (error: unknown) => {
        this.#upstream.destroy();
        this.#fail(bodyError(error));
      },
    );
  }

  #passBack(answer: IncomingMessage): void {
    const response = this.#response;
    if (response.destroyed || response.headersSent) {
      answer.destroy();
      return;
    }
    const headers = passedHeaders(answer.rawHeaders);
    // A page of the companion's would be of the same origin as the API of Berth, and could call it. In a sandbox it has no origin.
    if (this.#passed.request.headers["sec-fetch-mode"]?.includes("navigate") === true)
      headers.push("Content-Security-Policy", "sandbox");
    // A body that is left unread would be taken for the next request.
    if (!this.#passed.request.complete) headers.push("Connection", "close");
    try {
      response.writeHead(answer.statusCode ?? 502, answer.statusMessage ?? "", headers);
    } catch (error) {
      answer.destroy();
      this.#fail(noAnswer(this.#url, error));
      return;
    }
    // Most answers bring their body along, and then both go in one packet. A caller that waits for a stream gets the head at once.
    let hasBody = false;
    setImmediate(() => {
      if (!hasBody && !response.writableEnded) response.flushHeaders();
    });
    this.#moved();
    answer.on("data", (chunk: Buffer) => {
      hasBody = true;
      this.#moved();
      if (response.write(chunk)) return;
      answer.pause();
      response.once("drain", () => {
        this.#moved();
        answer.resume();
      });
    });
    answer.once("end", () => response.end());
    // What is cut must not look whole.
    answer.once("close", () => {
      if (!answer.complete) response.destroy();
    });
    answer.once("error", () => response.destroy());
  }

  /** Something came or went. An answer that is awaited may take its time, until it has begun. */
  #moved(): void {
    // Until there is a connection, what moves only fills a buffer.
    if (!this.#isConnected) return;
    const { firstByteMs, idleMs } = this.#limits;
    if (this.#isSent && !this.#response.headersSent) this.#waitFor(firstByteMs, "did not answer in time");
    else this.#waitFor(idleMs, "does not go on");
  }

  #connected(): void {
    this.#isConnected = true;
    this.#moved();
  }

  #waitFor(ms: number, problem: string): void {
    this.#problem = problem;
    this.#deadline.at = performance.now() + ms;
  }

  /** Ends the call with an error, as long as nothing of an answer was sent; afterwards it can only be cut. */
  #fail(error: Error): void {
    if (this.#response.headersSent) {
      this.#response.destroy();
      this.#done.resolve();
    } else {
      this.#done.reject(error);
    }
  }
}

function companionError(url: URL, problem: string): WireError {
  return new WireError("ServiceUnavailableException", `The companion ${url.origin} ${problem}.`);
}

/** What node:http says, as far as a caller may know it. */
function noAnswer(url: URL, error: unknown): WireError {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code.startsWith("HPE_")) return companionError(url, "answered with something that is not HTTP");
  return companionError(url, code === "" ? "gave no answer" : `gave no answer (${code})`);
}

function bodyError(error: unknown): Error {
  if (!(error instanceof BodyRefusedError)) return error instanceof Error ? error : new Error(String(error));
  switch (error.reason) {
    case "too-large":
      return new WireError("RequestEntityTooLargeException", error.message);
    case "another-body":
      return new WireError("InvalidSignatureException", error.message);
    case "cut":
      return new WireError("SerializationException", error.message);
  }
}
