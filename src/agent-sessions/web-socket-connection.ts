import type { WebSocket } from "ws";
import type { AgentConnection } from "../agent-protocol/connection.ts";
import type { Clock } from "../lib/clock.ts";
import { MessageMeter } from "./message-meter.ts";
import { FrameError } from "./telemetry-frame.ts";

/**
 * Reads the text of a frame: gives its message, or a promise of it when that takes time. Throws (or rejects with) FrameError for a
 * frame that is to be dropped.
 */
export type FrameReader = (text: string) => unknown;

export type ConnectionEnvironment = {
  readonly clock: Clock;
  readonly limits: SocketLimits;
  /** Tells the log of something that the agent at the other end did. */
  readonly note: (connection: WebSocketConnection, problem: string) => void;
  /** Tells the log of a bug that a message met. */
  readonly fault: (connection: WebSocketConnection, error: unknown) => void;
};

/** What is settled about a connection before it opens. */
export type ConnectionTerms = {
  /** For the log. */
  readonly name: string;
  readonly read: FrameReader;
  /** The access key that it was opened with; null when none was checked. */
  readonly accessKeyId: string | null;
};

export type SocketLimits = {
  /** What may wait for long to be sent to an agent. */
  readonly waitingBytes: number;
};

/** LIMIT: how many times of that may wait for a moment: an agent that connects is given all its tasks at once, each of up to 64 KiB. */
const burstFactor = 16;
/** LIMIT: megabytes take seconds on any network that agents work on. */
const stuckAfterMs = 30_000;
/** LIMIT: the log hears of so many different faults of one connection. */
const notedMax = 8;
/** LIMIT: of the WebSocket protocol, for the reason of a close. */
const reasonBytesMax = 123;

/** The control plane's end of a WebSocket that an agent has opened. */
export class WebSocketConnection implements AgentConnection {
  /** For the log. */
  readonly name: string;
  /** The access key that it was opened with; null when none was checked. */
  readonly accessKeyId: string | null;
  readonly #socket: WebSocket;
  readonly #environment: ConnectionEnvironment;
  readonly #read: FrameReader;
  readonly #meter: MessageMeter;
  #message: ((message: unknown) => void) | null = null;
  #close: ((code: number, reason: string) => void) | null = null;
  /** Settles when the last message was read, if reading takes time: those after it wait. */
  #reading: Promise<void> | null = null;
  #noted: Set<string> | null = null;
  #silentLooks = 0;
  /** When more began to wait than may for long. */
  #fullSince: number | null = null;

  constructor({ name, read, accessKeyId }: ConnectionTerms, socket: WebSocket, environment: ConnectionEnvironment) {
    this.name = name;
    this.accessKeyId = accessKeyId;
    this.#socket = socket;
    this.#read = read;
    this.#environment = environment;
    this.#meter = new MessageMeter(environment.clock.now());
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#message = listener;
  }

  onClose(listener: (code: number, reason: string) => void): void {
    this.#close = listener;
  }

  send(message: object): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (!this.#endedAsStuck()) this.#socket.send(JSON.stringify(message));
  }

  close(code: number, reason: string): void {
    this.#message = null;
    this.#close = null;
    const bytes = Buffer.alloc(reasonBytesMax);
    // Cuts between letters.
    const { written } = new TextEncoder().encodeInto(reason, bytes);
    this.#socket.close(code, bytes.subarray(0, written));
  }

  /** As `close`, but this end's listener is called too, as if the other end had closed. */
  expel(code: number, reason: string): void {
    const listener = this.#close;
    this.close(code, reason);
    listener?.(code, reason);
  }

  /** A frame has come. */
  received(frame: Buffer, isBinary: boolean): void {
    if (this.#message === null || !this.#counted(frame.length)) return;
    if (isBinary) {
      this.note("sent a binary frame");
      return;
    }
    const text = frame.toString("utf8");
    this.#reading = this.#reading === null ? this.#take(text) : this.#reading.then(() => this.#take(text) ?? undefined);
  }

  /** A ping has come. */
  pinged(data: Buffer): void {
    if (this.#message === null || !this.#counted(data.length)) return;
    if (!this.#endedAsStuck()) this.#socket.pong(data);
  }

  /** A pong has come. */
  ponged(): void {
    if (this.#message !== null) this.#counted(0);
  }

  /** The socket has failed: it is closing already. */
  failed(error: Error): void {
    this.note(`broke the WebSocket protocol (${error.message})`);
    this.closed(1006, error.message);
  }

  /** The socket was closed by the other end or by the network. */
  closed(code: number, reason: string): void {
    const listener = this.#close;
    this.#message = null;
    this.#close = null;
    listener?.(code, reason);
  }

  /** Called from time to time: pings a connection on which nothing has come since the last look, and gives up one that stays silent. */
  look(): void {
    if (this.#endedAsStuck()) return;
    this.#silentLooks += 1;
    if (this.#silentLooks === 2) this.#socket.ping();
    if (this.#silentLooks > 2) this.#socket.terminate();
  }

  terminate(): void {
    this.#socket.terminate();
  }

  /** Tells the log of a fault of the agent, of each kind once. */
  note(problem: string): void {
    this.#noted ??= new Set();
    if (this.#noted.has(problem) || this.#noted.size >= notedMax) return;
    this.#noted.add(problem);
    this.#environment.note(this, problem);
  }

  /** Ends the connection when too much waits for an agent that does not read, or has waited for too long. */
  #endedAsStuck(): boolean {
    const { clock, limits } = this.#environment;
    const waits = this.#socket.bufferedAmount;
    if (waits <= limits.waitingBytes) {
      this.#fullSince = null;
      return false;
    }
    const now = clock.now();
    this.#fullSince ??= now;
    if (waits <= limits.waitingBytes * burstFactor && now - this.#fullSince < stuckAfterMs) return false;
    this.note("does not read what it is sent");
    this.#socket.terminate();
    return true;
  }

  #counted(bytes: number): boolean {
    this.#silentLooks = 0;
    if (this.#meter.take(bytes, this.#environment.clock.now())) return true;
    this.note("sends too much");
    this.expel(1008, "BadRequestException: Too many messages.");
    return false;
  }

  #take(text: string): Promise<void> | null {
    try {
      const message = this.#read(text);
      if (message instanceof Promise) return this.#takeLater(message);
      this.#message?.(message);
    } catch (error) {
      this.#unreadable(error);
    }
    return null;
  }

  async #takeLater(reading: Promise<unknown>): Promise<void> {
    try {
      const message = await reading;
      this.#message?.(message);
    } catch (error) {
      this.#unreadable(error);
    }
  }

  #unreadable(error: unknown): void {
    if (error instanceof FrameError) {
      this.note(`sent a frame that cannot be read: ${error.message}`);
      return;
    }
    this.#environment.fault(this, error);
    this.#socket.terminate();
  }
}
