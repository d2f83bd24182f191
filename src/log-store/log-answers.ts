import { assert, must, never } from "../lib/assert.ts";
import type { Clock, Timer } from "../lib/clock.ts";
import { isGroupDeleted } from "../logs/delete-log-group.ts";
import { putLogEventsReply } from "../logs/put-log-events.ts";
import { StorePlan } from "../logs/store-plan.ts";
import type { LogStore, ReceivedBatch } from "./log-store.ts";

/** How often what retention no longer keeps is deleted. It is hidden at once. */
const sweepMs = 60_000;
/** LIMIT: looks at every stream, which takes a moment when there are very many. */
const sweepsPerStreamSweep = 60;

/** Completes the replies of the log machine from the store of streams and events. */
export class LogAnswers {
  readonly store: LogStore;
  readonly #clock: Clock;
  #timer: Timer | null = null;
  #sweeps = 0;

  constructor(store: LogStore, clock: Clock) {
    this.store = store;
    this.#clock = clock;
  }

  /** Begins to delete what retention no longer keeps. `failed` is called when that did not work; it is tried again. */
  start(failed: (error: unknown) => void): void {
    this.#timer = this.#clock.setTimer(sweepMs, () => {
      const streamsToo = this.#sweeps++ % sweepsPerStreamSweep === 0;
      this.store
        .sweep(this.#clock.now(), streamsToo)
        .catch(failed)
        .finally(() => {
          if (this.#timer !== null) this.start(failed);
        });
    });
  }

  async close(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = null;
    await this.store.close();
  }

  /** To be called with each effect of a log machine. */
  onEffect(effect: { readonly type: string }, failed: (error: unknown) => void): void {
    if (isGroupDeleted(effect)) this.store.deleteGroup(effect.groupId).catch(failed);
  }

  /**
   * The whole reply to a call, from what its machine has answered. `batch` is that of PutLogEvents, which is stored. Rejects with
   * Refusal.
   */
  async complete(answered: object, batch: ReceivedBatch | null): Promise<object> {
    if (!(answered instanceof StorePlan)) return answered;
    const { store } = this;
    const { work } = answered;
    const now = this.#clock.now();
    switch (work.type) {
      case "append":
        return putLogEventsReply(await store.append(must(batch, "a batch of PutLogEvents"), work.group, now), now);
      case "create-stream":
        await store.createStream(work.group, work.name, now);
        return {};
      case "delete-stream":
        await store.deleteStream(work.group, work.name);
        return {};
      case "describe-streams":
        return work.reply(await store.describeStreams(work.group, work.question, now));
      case "read-stream":
        return work.reply(await store.readStream(work.group, work.question, now));
      case "read-group":
        return work.reply(await store.readGroup(work.group, work.question, now));
      case "stored-bytes":
        return work.reply(await store.storedBytes(work.groupIds));
      case "follow":
        assert(false, "a live tail is not one reply");
        break;
      default:
        return never(work, "work of the log store");
    }
  }
}
