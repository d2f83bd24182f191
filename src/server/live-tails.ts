import { randomUUID } from "node:crypto";
import type { Clock, Timer } from "../lib/clock.ts";
import type { LogStore } from "../log-store/log-store.ts";
import type { FollowedEvents } from "../logs/log-questions.ts";
import type { StoreWork } from "../logs/store-plan.ts";
import { eventFrame, eventStreamType, exceptionFrame } from "../wire/protocols/event-stream.ts";
import type { AnswerStream, StreamReader } from "./http/answer-call.ts";

/** AWS: a session gets an update each second, also an empty one, and ends after three hours. */
const updateMs = 1_000;
const sessionMs = 3 * 3_600_000;
/** AWS: at most 500 events in an update. */
const updateEvents = 500;
/** LIMIT: what a reader that is slow leaves in memory; meanwhile its events are left out, and it is told. */
const unsentBytesMax = 1_048_576;

/** What StartLiveTail leaves to be done. */
export type Follow = Extract<StoreWork, { type: "follow" }>;

/** The open sessions of StartLiveTail. */
export class LiveTails {
  readonly #store: LogStore;
  readonly #clock: Clock;
  readonly #open = new Set<Session>();

  constructor(store: LogStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Begins a session. Rejects with Refusal if there are too many. */
  async start(follow: Follow, requestId: string): Promise<AnswerStream> {
    const session = new Session(follow, this.#clock, () => this.#open.delete(session));
    session.unfollow = await this.#store.follow(follow.question, (followed) => session.take(followed));
    this.#open.add(session);
    return { contentType: eventStreamType, begin: (reader) => session.begin(reader, requestId) };
  }

  /** Ends all sessions, because the server stops. */
  close(): void {
    for (const session of [...this.#open]) session.end();
  }
}

class Session {
  readonly #follow: Follow;
  readonly #clock: Clock;
  readonly #ended: () => void;
  unfollow: () => void = () => {};
  #reader: StreamReader | null = null;
  #timer: Timer | null = null;
  #endsAt = 0;
  #events: FollowedEvents["events"] = [];
  #sampled = false;

  constructor(follow: Follow, clock: Clock, ended: () => void) {
    this.#follow = follow;
    this.#clock = clock;
    this.#ended = ended;
  }

  /** Returns what is to be called when the reader has gone. */
  begin(reader: StreamReader, requestId: string): () => void {
    this.#reader = reader;
    this.#endsAt = this.#clock.now() + sessionMs;
    // AWS: clients of RPC protocols expect a message of this type first.
    reader.write(eventFrame("initial-response", {}));
    reader.write(eventFrame("sessionStart", this.#follow.started(randomUUID(), requestId)));
    this.#update();
    return () => this.end();
  }

  take({ events, sampled }: FollowedEvents): void {
    const room = updateEvents - this.#events.length;
    this.#sampled ||= sampled || events.length > room;
    this.#events = [...this.#events, ...events.slice(0, room)];
  }

  end(): void {
    this.#timer?.cancel();
    this.unfollow();
    this.#reader?.end();
    this.#reader = null;
    this.#ended();
  }

  #update(): void {
    const reader = this.#reader;
    if (reader === null) return;
    if (this.#clock.now() >= this.#endsAt) {
      reader.write(exceptionFrame("SessionTimeoutException", "The session has reached its longest time, three hours."));
      this.end();
      return;
    }
    if (reader.unsentBytes() <= unsentBytesMax) {
      reader.write(eventFrame("sessionUpdate", this.#follow.update({ events: this.#events, sampled: this.#sampled })));
      this.#sampled = false;
    } else this.#sampled = true;
    this.#events = [];
    this.#timer = this.#clock.setTimer(updateMs, () => this.#update());
  }
}
