/** A transfer that its peer must keep going: a body that arrives, or an answer that is read. */
export type Transfer = {
  /** When it began, in milliseconds of the watch's clock. */
  readonly startedAt: number;
  /** Bytes so far. */
  bytes: number;
  /** Called once when it is too slow. */
  readonly tooSlow: () => void;
};

export type Pace = {
  /** How long a transfer may take to get going. */
  readonly graceMs: number;
  readonly bytesPerSecond: number;
};

/** LIMIT: how often transfers are looked at; a late look gives a slow one that much longer. */
const lookIntervalMs = 500;

/** Ends transfers that are slower than they may be: one byte a second keeps a connection no longer than none at all. */
export class PaceWatch {
  readonly #pace: Pace;
  readonly #nowMs: () => number;
  readonly #transfers = new Set<Transfer>();
  #timer: NodeJS.Timeout | null = null;

  /** `nowMs` is a clock that never goes back. */
  constructor(pace: Pace, nowMs: () => number = () => performance.now()) {
    this.#pace = pace;
    this.#nowMs = nowMs;
  }

  start(tooSlow: () => void): Transfer {
    const transfer = { startedAt: this.#nowMs(), bytes: 0, tooSlow };
    this.#transfers.add(transfer);
    this.#timer ??= this.#lookLater();
    return transfer;
  }

  end(transfer: Transfer): void {
    this.#transfers.delete(transfer);
  }

  /** Ends what is too slow now. */
  look(): void {
    const { graceMs, bytesPerSecond } = this.#pace;
    const now = this.#nowMs();
    for (const transfer of this.#transfers) {
      const due = ((now - transfer.startedAt - graceMs) * bytesPerSecond) / 1_000;
      if (transfer.bytes >= due) continue;
      this.#transfers.delete(transfer);
      transfer.tooSlow();
    }
  }

  #lookLater(): NodeJS.Timeout {
    const timer = setTimeout(() => {
      // After a stall of this process, what has arrived meanwhile is read first: peers are not to blame for it.
      setImmediate(() => {
        this.look();
        this.#timer = this.#transfers.size === 0 ? null : this.#lookLater();
      });
    }, lookIntervalMs);
    return timer.unref();
  }
}
