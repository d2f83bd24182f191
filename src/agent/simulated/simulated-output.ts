import type { Clock } from "../../lib/clock.ts";
import type { LoggedContainer, LogShipper } from "../logs/log-shipper.ts";
import type { LogStream } from "../logs/log-stream.ts";

/** LIMIT: lines that one simulated container writes at once; a script with more is not written by hand. */
const waitingMax = 1_000;

/** What simulated containers write, on its way to CloudWatch Logs. */
export class SimulatedOutput {
  readonly #shipper: LogShipper;
  readonly #clock: Clock;
  /** The writing under way, by container. */
  readonly #writing = new Map<string, { done: Promise<void>; lines: number }>();

  constructor(shipper: LogShipper, clock: Clock) {
    this.#shipper = shipper;
    this.#clock = clock;
  }

  /** Writes a line at `at`, epoch milliseconds of the agent's clock. Nothing happens if the container has another log driver. */
  write(container: LoggedContainer, at: number, text: string): void {
    const writing = this.#writing.get(container.runtimeId) ?? { done: Promise.resolve(), lines: 0 };
    if (writing.lines >= waitingMax) return;
    this.#writing.set(container.runtimeId, writing);
    const timestamp = at + this.#clock.wall() - this.#clock.now();
    writing.lines += 1;
    writing.done = writing.done.then(async () => {
      const stream = await this.#streamOf(container);
      await stream?.write({ timestamp, text, resumeAt: null });
      writing.lines -= 1;
    });
  }

  /** Resolves when everything that was written is with CloudWatch Logs, or after some seconds without. */
  async end(runtimeId: string): Promise<void> {
    const { done, lines = 0 } = this.#writing.get(runtimeId) ?? {};
    // A stream that is full takes no more until CloudWatch Logs answers; `flush` knows how long that may take.
    if (lines < waitingMax) await done;
    await this.#shipper.flush(runtimeId);
  }

  forget(runtimeId: string): void {
    this.#writing.delete(runtimeId);
    this.#shipper.forget(runtimeId);
  }

  /** Null also if the stream cannot be opened: the container then writes for nobody, as one with wrong options. */
  async #streamOf(container: LoggedContainer): Promise<LogStream | null> {
    try {
      return await this.#shipper.open(container);
    } catch {
      return null;
    }
  }
}
