/**
 * LIMIT: what an agent may send at once, in messages; each 4 KiB count as one more. After a break it sends up to 45 reports of up
 * to 256 KiB, and an acknowledgement for each of its tasks.
 */
const burstMax = 5_000;
/** LIMIT: the sustained rate per second; an agent of 100 tasks sends less than one, one under a load test a few hundred. */
const perSecond = 500;
const bytesPerCount = 4_096;
/** After this long without a message an allowance is full again. */
const refillMs = (burstMax / perSecond) * 1_000;
/**
 * LIMIT: how many agents without a connection are remembered until their allowance is full; a hundred bytes each. More come and go only if
 * thousands of accounts reconnect at once, and then those that left first begin with a full allowance.
 */
const restingMax = 20_000;

/** How much more an agent may send. The allowance refills with time. */
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

type Resting = { readonly meter: MessageMeter; readonly since: number };

/**
 * The meters of agents by name: one each for all its connections, and still the same when it comes back, so that reconnecting gives an agent
 * nothing. Times are in milliseconds of a clock that does not go back.
 */
export class MessageMeters {
  readonly #inUse = new Map<string, { readonly meter: MessageMeter; connections: number }>();
  /** The one that left first is first. */
  readonly #resting = new Map<string, Resting>();

  /** The meter for a new connection of this agent. Each connection that got one gives it back with `closed`. */
  opened(agent: string, now: number): MessageMeter {
    const used = this.#inUse.get(agent);
    if (used !== undefined) {
      used.connections += 1;
      return used.meter;
    }
    const meter = this.#resting.get(agent)?.meter ?? new MessageMeter(now);
    this.#resting.delete(agent);
    this.#inUse.set(agent, { meter, connections: 1 });
    return meter;
  }

  /** A connection of this agent is gone. */
  closed(agent: string, now: number): void {
    const used = this.#inUse.get(agent);
    if (used === undefined) return;
    used.connections -= 1;
    if (used.connections > 0) return;
    this.#inUse.delete(agent);
    this.#resting.set(agent, { meter: used.meter, since: now });
    for (const [first, { since }] of this.#resting) {
      if (this.#resting.size <= restingMax && now - since < refillMs) return;
      this.#resting.delete(first);
    }
  }

  /** How many agents are remembered. */
  get size(): number {
    return this.#inUse.size + this.#resting.size;
  }
}
