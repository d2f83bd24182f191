import type { Clock } from "../../lib/clock.ts";

/** LIMIT: cluster machines in memory, for all accounts; a small one takes about 20 KB, so these take 400 MB. */
const clustersMax = 20_000;

/** LIMIT: those of one account, in all regions: more than the 10,000 clusters that AWS allows in one region. */
const clustersPerAccountMax = 12_000;

/** LIMIT: the last ones are reserved for accounts with few clusters, so a few large accounts can't shut the others out. */
const clustersKeptForSmall = 4_000;

/** LIMIT: how many clusters count as few: most accounts have fewer with anything in them. */
const clustersOfSmall = 200;

/** LIMIT: account machines in memory. Nothing lives in them, so one can always be put away for another. */
const accountsMax = 10_000;

/** LIMIT: those of one account: one for each region that a server can have. */
const regionsPerAccountMax = 100;

/** LIMIT: machines of services other than ECS in memory; like accounts', one that is idle can be put away for another. */
const servicesMax = 20_000;

/** LIMIT: those of one account: a score of services in each region that a server can have. */
const servicesPerAccountMax = 2_000;

/** LIMIT: when there is no room, idle machines are looked for after a second again, not for each call: it costs a look at each. */
const lookPauseMs = 1_000;

/** Limits for machines of one kind in memory. */
export type RoomLimits = {
  readonly machines: number;
  readonly perAccount: number;
  readonly keptForSmall: number;
  readonly ofSmall: number;
};

export const clusterRoom: RoomLimits = {
  machines: clustersMax,
  perAccount: clustersPerAccountMax,
  keptForSmall: clustersKeptForSmall,
  ofSmall: clustersOfSmall,
};

export const accountRoom: RoomLimits = {
  machines: accountsMax,
  perAccount: regionsPerAccountMax,
  keptForSmall: 0,
  ofSmall: 0,
};

export const serviceRoom: RoomLimits = {
  machines: servicesMax,
  perAccount: servicesPerAccountMax,
  keptForSmall: 0,
  ofSmall: 0,
};

/** How many machines are in memory, and whether an account may have another one there. */
export class MachineRoom {
  readonly #clock: Clock;
  readonly #limits: RoomLimits;
  readonly #byAccount = new Map<string, number>();
  readonly #putIdleAway: () => void;
  #size = 0;
  #lookedAt = Number.NEGATIVE_INFINITY;

  /** `putIdleAway` is called if there is no room: it puts away machines that nobody needs now. */
  constructor(clock: Clock, limits: RoomLimits, putIdleAway: () => void) {
    this.#clock = clock;
    this.#limits = limits;
    this.#putIdleAway = putIdleAway;
  }

  /** Counts one more machine of `account`. If there is no room for it, returns false and counts nothing. */
  take(account: string): boolean {
    if (!this.#hasRoom(account) && !(this.#makeRoom() && this.#hasRoom(account))) return false;
    this.#byAccount.set(account, (this.#byAccount.get(account) ?? 0) + 1);
    this.#size += 1;
    return true;
  }

  /** Counts one machine of `account` less. */
  leave(account: string): void {
    const own = this.#byAccount.get(account) ?? 0;
    if (own <= 1) this.#byAccount.delete(account);
    else this.#byAccount.set(account, own - 1);
    this.#size -= 1;
  }

  #hasRoom(account: string): boolean {
    const { machines, perAccount, keptForSmall, ofSmall } = this.#limits;
    const own = this.#byAccount.get(account) ?? 0;
    return own < perAccount && this.#size < (own < ofSmall ? machines : machines - keptForSmall);
  }

  /** False if it was tried a moment ago. */
  #makeRoom(): boolean {
    const now = this.#clock.now();
    // Also true if the clock was set back.
    if (Math.abs(now - this.#lookedAt) < lookPauseMs) return false;
    this.#lookedAt = now;
    this.#putIdleAway();
    return true;
  }
}
