import type { WebSocket } from "ws";
import type { AgentConnection } from "../../agent-protocol/connection.ts";
import type { Clock } from "../../lib/clock.ts";
import type { FairShare } from "../../lib/fair-share.ts";
import type { LogEvent } from "../../lib/log-events.ts";
import type { MessageMeter, MessageMeters } from "../telemetry/message-meter.ts";
import { FrameError } from "../telemetry/telemetry-frame.ts";
import { UnfinishedMessage } from "./unfinished-message.ts";

/**
 * Reads the text of a frame. Returns its message, or a promise of it if that takes time. Throws (or rejects with) FrameError for
 * a frame that is to be dropped.
 */
export type FrameReader = (text: string) => unknown;

/** Who is at the other end, and how to read its frames. */
export type ConnectionTerms = {
  /** For the log. */
  readonly name: string;
  /** The account whose share the connection counts against. */
  readonly account: string;
  /** The access key that opened it. Null if none was checked. */
  readonly accessKeyId: string | null;
  readonly read: FrameReader;
  /** Runs `work` for the agent when it is its account's turn: at once, or later if others wait. */
  readonly takeTurn: TakeTurn;
};

export type TakeTurn = <T>(work: () => T) => T | Promise<Awaited<T>>;

export type ConnectionEnvironment = {
  readonly clock: Clock;
  readonly limits: SocketLimits;
  readonly meters: MessageMeters;
  /** Bytes that wait for agents that do not read them. */
  readonly unread: FairShare<WebSocketConnection>;
  /** Bytes of messages that have begun but not ended. */
  readonly unfinished: FairShare<WebSocketConnection>;
  /** Logs something that the agent at the other end did. */
  readonly note: (connection: WebSocketConnection, event: LogEvent, fields: Readonly<Record<string, unknown>>) => void;
  /** Logs a bug that a message triggered. */
  readonly fault: (connection: WebSocketConnection, error: unknown) => void;
};

export type SocketLimits = {
  /** How much may wait for an agent for a long time. */
  readonly waitingBytes: number;
};

/** LIMIT: how many times as much may wait briefly: an agent that connects gets all its tasks at once, each of up to 64 KiB. */
const burstFactor = 16;
/** LIMIT: megabytes take seconds on any network that agents work on. */
const stuckAfterMs = 30_000;
/** LIMIT: a message is normally complete in a moment; one of a megabyte takes seconds on any network that agents work on. */
const unfinishedMs = 30_000;
/** LIMIT: what is read ahead while earlier messages wait for their turn, one read of the socket; then reading pauses. */
const aheadBytesMax = 65_536;
/** LIMIT: the number of different faults of one connection that are logged. */
const notedMax = 8;
/** LIMIT: set by the WebSocket protocol, for the reason of a close. */
const reasonBytesMax = 123;

/** The control plane's end of a WebSocket that an agent has opened. */
export class WebSocketConnection implements AgentConnection {
  /** For the log. */
  readonly name: string;
  readonly account: string;
  /** The access key that opened it. Null if none was checked. */
  readonly accessKeyId: string | null;
  readonly #socket: WebSocket;
  readonly #environment: ConnectionEnvironment;
  readonly #read: FrameReader;
  readonly #takeTurn: TakeTurn;
  readonly #meter: MessageMeter;
  #message: ((message: unknown) => void) | null = null;
  #close: ((code: number, reason: string) => void) | null = null;
  /** Settles when the last message was read, if that takes time or has to wait. Later messages wait too. */
  #reading: Promise<void> | null = null;
  /** Bytes of messages that wait to be read. */
  #aheadBytes = 0;
  #noted: Set<string> | null = null;
  #silentLooks = 0;
  /** When the backlog began to exceed what may wait for long. */
  #fullSince: number | null = null;
  readonly #unfinished = new UnfinishedMessage();

  constructor(
    socket: WebSocket,
    { name, account, accessKeyId, read, takeTurn }: ConnectionTerms,
    environment: ConnectionEnvironment,
  ) {
    this.name = name;
    this.account = account;
    this.accessKeyId = accessKeyId;
    this.#socket = socket;
    this.#read = read;
    this.#takeTurn = takeTurn;
    this.#environment = environment;
    this.#meter = environment.meters.opened(this.#agent, environment.clock.now());
  }

  /** Whose allowance it uses: each key has one of its own for an instance, so that none uses up another's. */
  get #agent(): string {
    return `${this.account} ${this.accessKeyId ?? ""} ${this.name}`;
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#message = listener;
  }

  onClose(listener: (code: number, reason: string) => void): void {
    this.#close = listener;
  }

  send(message: object): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#endedAsStuck()) return;
    this.#socket.send(JSON.stringify(message), this.#sent);
    this.#countUnread();
  }

  close(code: number, reason: string): void {
    this.#message = null;
    this.#close = null;
    const bytes = Buffer.alloc(reasonBytesMax);
    // Cuts between characters.
    const { written } = new TextEncoder().encodeInto(reason, bytes);
    this.#socket.close(code, bytes.subarray(0, written));
  }

  /** Bytes of any frame have arrived. */
  arrived(chunk: Uint8Array): void {
    this.#unfinished.take(chunk, this.#environment.clock.now());
    const { unfinished } = this.#environment;
    if (this.#unfinished.bytes === 0 || this.#socket.readyState !== this.#socket.OPEN) unfinished.release(this);
    else unfinished.hold(this, this.account, this.#unfinished.bytes);
  }

  /** Cuts the connection, because there is no room for its backlog or its unfinished message. */
  crowdedOut(event: LogEvent): void {
    this.note(event);
    this.#socket.terminate();
  }

  /** Like `close`, but also calls this end's listener, as if the other end had closed. */
  expel(code: number, reason: string): void {
    const listener = this.#close;
    this.close(code, reason);
    listener?.(code, reason);
  }

  /** A frame has arrived. */
  received(frame: Buffer, isBinary: boolean): void {
    if (this.#message === null || !this.#counted(frame.length)) return;
    if (isBinary) {
      this.note("agent-binary-frame");
      return;
    }
    const take = () => this.#takeTurn(() => this.#take(frame.toString("utf8")));
    if (this.#reading === null) {
      const taking = take();
      if (taking !== null) this.#wait(taking, frame.length);
    } else this.#wait(this.#reading.then(take), frame.length);
  }

  /** What comes meanwhile waits. If that is too much, reading from the socket pauses. */
  #wait(taking: Promise<unknown>, bytes: number): void {
    this.#aheadBytes += bytes;
    if (this.#aheadBytes > aheadBytesMax) this.#socket.pause();
    const reading = taking.then(() => {
      this.#aheadBytes -= bytes;
      if (this.#aheadBytes <= aheadBytesMax) this.#socket.resume();
      if (this.#reading === reading) this.#reading = null;
    });
    this.#reading = reading;
  }

  /** A ping has arrived. */
  pinged(data: Buffer): void {
    if (this.#message === null || !this.#counted(data.length)) return;
    if (!this.#endedAsStuck()) this.#socket.pong(data);
  }

  /** A pong has arrived. */
  ponged(): void {
    if (this.#message !== null) this.#counted(0);
  }

  /** The socket has failed: it is closing already. */
  failed(error: Error): void {
    this.note("agent-protocol-broken", error.message);
    this.closed(1006, error.message);
  }

  /** The socket was closed by the other end or by the network. */
  closed(code: number, reason: string): void {
    const listener = this.#close;
    this.#message = null;
    this.#close = null;
    listener?.(code, reason);
  }

  /** Called regularly: pings a connection on which nothing has come since the last call, and gives up one that stays silent. */
  look(): void {
    if (this.#endedAsStuck()) return;
    const { since } = this.#unfinished;
    if (since !== null && this.#environment.clock.now() - since >= unfinishedMs) {
      this.crowdedOut("agent-message-timeout");
      return;
    }
    this.#silentLooks += 1;
    if (this.#silentLooks === 2) this.#socket.ping();
    if (this.#silentLooks > 2) this.#socket.terminate();
  }

  terminate(): void {
    this.#socket.terminate();
  }

  /** Logs a fault of the agent, each kind once. */
  note(event: LogEvent, reason: string | null = null): void {
    const fault = reason === null ? event : `${event} ${reason}`;
    this.#noted ??= new Set();
    if (this.#noted.has(fault) || this.#noted.size >= notedMax) return;
    this.#noted.add(fault);
    this.#environment.note(this, event, reason === null ? {} : { reason });
  }

  /** Releases its share of what all connections share. Called once, when its socket is gone. */
  released(): void {
    this.#environment.meters.closed(this.#agent, this.#environment.clock.now());
    this.#environment.unread.release(this);
    this.#environment.unfinished.release(this);
  }

  readonly #sent = (): void => {
    this.#environment.unread.touch(this);
    this.#countUnread();
  };

  #countUnread(): void {
    const { unread } = this.#environment;
    const bytes = this.#socket.bufferedAmount;
    // A connection that is closing has released its share. Its last callbacks must not take it again.
    if (bytes === 0 || this.#socket.readyState !== this.#socket.OPEN) unread.release(this);
    else unread.hold(this, this.account, bytes);
  }

  /** Ends the connection if too much waits for an agent that does not read, or has waited too long. */
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
    this.note("agent-not-reading");
    this.#socket.terminate();
    return true;
  }

  #counted(bytes: number): boolean {
    this.#silentLooks = 0;
    if (this.#meter.take(bytes, this.#environment.clock.now())) return true;
    this.note("agent-messages-too-many");
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
      this.note("agent-frame-unreadable", error.message);
      return;
    }
    this.#environment.fault(this, error);
    this.#socket.terminate();
  }
}
