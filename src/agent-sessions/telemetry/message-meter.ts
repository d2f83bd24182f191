/**
 * LIMIT: what an agent may send at once, in messages; each 4 KiB count as one more. After a break it sends up to 45 reports of up
 * to 256 KiB, and an acknowledgement for each of its tasks.
 */
const burstMax = 5_000;
/** LIMIT: the sustained rate per second; an agent of 100 tasks sends less than one, one under a load test a few hundred. */
const perSecond = 500;
const bytesPerCount = 4_096;

/** How much more an agent may send on one connection. The allowance refills with time. */
export class MessageMeter {
  #left = burstMax;
  #at: number;

  constructor(now: number) {
    this.#at = now;
  }

  /** Counts a message of this many bytes. False if it is one too many. */
  take(bytes: number, now: number): boolean {
    // A clock that is set back neither adds to the allowance nor reduces it.
    this.#left = Math.min(burstMax, this.#left + (Math.max(0, now - this.#at) * perSecond) / 1_000);
    this.#at = now;
    this.#left -= 1 + bytes / bytesPerCount;
    return this.#left >= 0;
  }
}
