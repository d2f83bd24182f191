import type { Clock } from "../../lib/clock.ts";

/** LIMIT: machines of clusters in memory, for all accounts; a small one takes some 20 KB, so these take 400 MB. */
const clustersMax = 20_000;

/** LIMIT: those of one account, in all regions: as many as AWS gives it clusters in a region, and some more. */
const clustersPerAccountMax = 12_000;

/** LIMIT: the last so many go only to accounts that have few, so that a few large accounts cannot shut the others out. */
const clustersKeptForSmall = 4_000;

/** LIMIT: what counts as few: more clusters with something in them than most accounts have. */
const clustersOfSmall = 200;

/** LIMIT: machines of accounts in memory. Nothing lives in them, so that one can always be put away for another. */
const accountsMax = 10_000;

/** LIMIT: those of one account: one for each region that a server can have. */
const regionsPerAccountMax = 100;

/** LIMIT: machines of services other than ECS in memory; like accounts', one that is idle can be put away for another. */
const servicesMax = 20_000;

/** LIMIT: those of one account: a score of services in each region that a server can have. */
const servicesPerAccountMax = 2_000;

/** LIMIT: when there is no room, idle machines are looked for after a second again, not for each call: it costs a look at each. */
const lookPauseMs = 1_000;

/** How many machines of one kind may be in memory. */
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

  /** `putIdleAway` is called when there is no room: it makes machines that nobody needs now leave. */
  constructor(clock: Clock, limits: RoomLimits, putIdleAway: () => void) {
    this.#clock = clock;
    this.#limits = limits;
    this.#putIdleAway = putIdleAway;
  }

  /** Counts one more machine of `account`; false, and nothing is counted, when there is no room for another one of it. */
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

  /** False when it was tried a moment ago. */
  #makeRoom(): boolean {
    const now = this.#clock.now();
    // Also when the clock was set back.
    if (Math.abs(now - this.#lookedAt) < lookPauseMs) return false;
    this.#lookedAt = now;
    this.#putIdleAway();
    return true;
  }
}
