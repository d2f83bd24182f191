import { type AgentConnection, comeBackCodes, displacedWord, inactiveInstance } from "../agent-protocol/connection.ts";
import type { Clock, Timer } from "../lib/clock.ts";
import type { RandomStream } from "../lib/random.ts";
import { Backoff, type BackoffShape } from "./backoff.ts";

/** AWS: an agent gives up a socket on which nothing arrived for 60 to 120 s. */
const silenceMs = { least: 60_000, spread: 60_000 };
/** AWS: the agent closes and reopens a healthy connection after 30 to 35 minutes. */
const officialLifetime: ConnectionLifetime = { leastMs: 1_800_000, spreadMs: 300_000 };
const expired = "ConnectionExpired: Reconnect to continue";
/** LIMIT: a connection that lived less than this is not reopened at once, whatever its close code. */
const shortLifeMs = 1_000;

/** AWS: how the official agent spaces its connection attempts. */
export const commandBackoff: BackoffShape = { firstMs: 250, factor: 1.5, lastMs: 120_000 };
export const telemetryBackoff: BackoffShape = { firstMs: 1_000, factor: 2, lastMs: 60_000 };

/** How long a connection is kept. */
export type ConnectionLifetime = { readonly leastMs: number; readonly spreadMs: number };

export type ChannelLinkOptions = {
  readonly clock: Clock;
  readonly random: RandomStream;
  readonly backoff: BackoffShape;
  readonly lifetime?: ConnectionLifetime | undefined;
  /** Whether a connection that was silent for too long is reopened without a pause. */
  readonly returnsFromSilence?: boolean;
  readonly connect: () => AgentConnection;
  readonly onOpen: () => void;
  readonly onMessage: (message: unknown) => void;
  /** The control plane is finished with this agent. The link does not reconnect. */
  readonly onSentAway: (why: "inactive" | "displaced") => void;
};

/** One of the agent's two sockets. It reopens whenever it closes. */
export class ChannelLink {
  readonly #options: ChannelLinkOptions;
  readonly #backoff: Backoff;
  #connection: AgentConnection | null = null;
  #isOpen = false;
  #openedAt = 0;
  #lastMessageAt = 0;
  #silence: Timer | null = null;
  #expiry: Timer | null = null;
  #reconnect: Timer | null = null;
  #closed = false;

  constructor(options: ChannelLinkOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.backoff, options.random);
  }

  open(): void {
    if (this.#closed) return;
    const { clock, connect, onMessage, onOpen } = this.#options;
    const connection = connect();
    this.#connection = connection;
    this.#openedAt = clock.now();
    this.#lastMessageAt = this.#openedAt;
    connection.onMessage((message) => {
      if (this.#connection !== connection) return;
      this.#lastMessageAt = clock.now();
      onMessage(message);
    });
    connection.onClose((code, reason) => {
      if (this.#connection === connection) this.#lost(code, reason);
    });
    this.#watchSilence();
    const opened = (): void => {
      if (this.#connection !== connection) return;
      this.#openedAt = clock.now();
      this.#isOpen = true;
      this.#watchLifetime();
      onOpen();
    };
    if (connection.onOpen === undefined) opened();
    else connection.onOpen(opened);
  }

  /** False if there is no connection. */
  send(message: object): boolean {
    if (this.#connection === null || !this.#isOpen) return false;
    this.#connection.send(message);
    return true;
  }

  /** Closes the connection and opens a new one after `delayMs`. */
  restart(delayMs: number): void {
    this.#drop(1000, "the agent restarts");
    this.#openLater(delayMs);
  }

  close(code: number, reason: string): void {
    this.#closed = true;
    this.#drop(code, reason);
    this.#reconnect?.cancel();
  }

  #drop(code: number, reason: string): void {
    this.#silence?.cancel();
    this.#expiry?.cancel();
    this.#connection?.close(code, reason);
    this.#connection = null;
    this.#isOpen = false;
  }

  #lost(code: number, reason: string): void {
    this.#connection = null;
    this.#isOpen = false;
    this.#silence?.cancel();
    this.#expiry?.cancel();
    const sentAway = reason.includes(inactiveInstance.word)
      ? "inactive"
      : reason.includes(displacedWord)
        ? "displaced"
        : null;
    if (sentAway !== null && !comeBackCodes.includes(code)) {
      this.#closed = true;
      this.#options.onSentAway(sentAway);
      return;
    }
    const livedMs = this.#options.clock.now() - this.#openedAt;
    if (livedMs >= silenceMs.least) this.#backoff.reset();
    const atOnce = comeBackCodes.includes(code) && livedMs >= shortLifeMs;
    this.#openLater(atOnce ? 0 : this.#backoff.next());
  }

  #openLater(delayMs: number): void {
    this.#reconnect?.cancel();
    this.#reconnect = this.#options.clock.setTimer(delayMs, () => this.open());
  }

  #watchSilence(): void {
    const { clock, random } = this.#options;
    this.#silence?.cancel();
    const patienceMs = silenceMs.least + random.below(silenceMs.spread);
    const look = (): void => {
      const leftMs = this.#lastMessageAt + patienceMs - clock.now();
      if (leftMs > 0) {
        this.#silence = clock.setTimer(leftMs, look);
        return;
      }
      this.#drop(1000, expired);
      this.#openLater(this.#options.returnsFromSilence === true ? 0 : this.#backoff.next());
    };
    this.#silence = clock.setTimer(patienceMs, look);
  }

  #watchLifetime(): void {
    const { clock, random, lifetime = officialLifetime } = this.#options;
    const lifetimeMs = lifetime.leastMs + random.below(lifetime.spreadMs);
    this.#expiry = clock.setTimer(lifetimeMs, () => {
      this.#drop(1000, expired);
      this.#backoff.reset();
      this.#openLater(0);
    });
  }
}
