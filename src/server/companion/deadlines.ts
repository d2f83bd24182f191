/** Something that must be over, or move on, by a moment. */
export type Deadline = {
  /** Milliseconds of `performance.now()`. */
  at: number;
  readonly passed: () => void;
};

/** LIMIT: how often deadlines are looked at; a late look makes one longer by that. A timer for each step of each call would cost a tenth of the calls. */
const lookIntervalMs = 50;

/** Watches deadlines that move with every piece of a message, for all calls together. */
export class Deadlines {
  readonly #watched = new Set<Deadline>();
  #timer: NodeJS.Timeout | null = null;

  add(deadline: Deadline): void {
    this.#watched.add(deadline);
    this.#timer ??= setInterval(() => this.#look(), lookIntervalMs);
  }

  remove(deadline: Deadline): void {
    this.#watched.delete(deadline);
    if (this.#watched.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  #look(): void {
    const now = performance.now();
    for (const deadline of this.#watched) {
      if (now < deadline.at) continue;
      this.remove(deadline);
      deadline.passed();
    }
  }
}
