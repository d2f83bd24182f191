import type { Clock } from "../../lib/clock.ts";
import { OverloadError } from "../runner-errors.ts";
import { Rota } from "./rota.ts";

/**
 * LIMIT: how long the event loop works for those who wait before it checks for new input. Short, because Node accepts one new connection
 * per check; a check costs about ten microseconds.
 */
const roundMs = 2;
/**
 * LIMIT: calls of one account in progress, on all its clusters together: as many as one cluster lets wait. Each holds its request and its
 * connection.
 */
const callsPerAccount = 10_000;

/**
 * LIMIT: how long work continues before its consequences, such as an append, get their turn: the more steps share an append, the less each
 * costs, but answers wait for it.
 */
const gatheringMs = 8;

/**
 * When work runs relative to its owner's other work: `first`; `gathered`, when nothing else waits or after a few milliseconds; or `last`.
 */
export type TurnPlace = "first" | "gathered" | "last";

/** Runs `run` when it is the owner's turn, at once if nobody waits. */
export type TakeTurn = (run: () => void, place?: TurnPlace) => void;

type Run = () => void;
type Waiting = {
  readonly clusters: Rota<Run[]>;
  readonly first: Run[];
  readonly gathered: { readonly run: Run; readonly since: number }[];
  /** Milliseconds worked for the account while it waited. */
  worked: number;
};

export type TurnsOptions = {
  readonly clock: Clock;
  /** Milliseconds since some moment, with fractions. With a clock that stands still during work, everybody's turn comes at once. */
  readonly stopwatch: () => number;
  readonly callsPerAccount?: number;
};

/**
 * Shares the event loop between accounts, and an account's share between its clusters, by the time that their work takes, not by the amount
 * submitted. As long as the loop keeps up, all work is done at once.
 */
export class Turns {
  readonly #clock: Clock;
  readonly #stopwatch: () => number;
  readonly #callsMax: number;
  readonly #accounts = new Rota<Waiting>();
  readonly #calls = new Map<string, number>();
  /** Milliseconds worked since the loop last checked for input. */
  #worked = 0;
  #isWorking = false;
  #isRoundOpen = false;

  constructor(options: TurnsOptions) {
    this.#clock = options.clock;
    this.#stopwatch = options.stopwatch;
    this.#callsMax = options.callsPerAccount ?? callsPerAccount;
  }

  get stopwatch(): () => number {
    return this.#stopwatch;
  }

  /**
   * Runs `call` in its turn and counts it as in progress until it settles. If too many of the account's calls are in progress, rejects with
   * OverloadError and does nothing.
   */
  async call<T>(account: string, cluster: string, call: () => Promise<T>): Promise<T> {
    const underWay = this.#calls.get(account) ?? 0;
    if (underWay >= this.#callsMax) throw new OverloadError(`${underWay} calls of ${account} are already in progress`);
    this.#calls.set(account, underWay + 1);
    try {
      return await this.work(account, cluster, call);
    } finally {
      const left = (this.#calls.get(account) ?? 1) - 1;
      if (left === 0) this.#calls.delete(account);
      else this.#calls.set(account, left);
    }
  }

  /** The result of `work`, done in its turn: at once within other work or if nobody waits, otherwise later. */
  work<T>(account: string, cluster: string, work: () => T): T | Promise<Awaited<T>> {
    if (this.#isWorking || this.#isFree()) return this.#timed(account, cluster, work);
    return new Promise((resolve, reject) => {
      this.#wait(account, cluster, () => {
        try {
          resolve(work() as Awaited<T>);
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  /** Runs `run` in its turn, in the order of these calls for one cluster, and never within other work. */
  take(account: string, cluster: string, run: Run, place: TurnPlace = "last"): void {
    if (!this.#isWorking && this.#isFree()) this.#timed(account, cluster, run);
    else this.#wait(account, cluster, run, place);
  }

  #wait(account: string, cluster: string, run: Run, place: TurnPlace = "last"): void {
    const waiting = this.#accounts.obtain(account, () => ({
      clusters: new Rota<Run[]>(),
      first: [],
      gathered: [],
      worked: 0,
    }));
    if (place === "first") waiting.first.push(run);
    else if (place === "gathered") waiting.gathered.push({ run, since: waiting.worked });
    else waiting.clusters.obtain(cluster, () => []).push(run);
    this.#openRound();
  }

  /** True if nobody waits and the loop keeps up. */
  #isFree(): boolean {
    return this.#accounts.size === 0 && this.#worked < roundMs;
  }

  #timed<T>(account: string, cluster: string, run: () => T): T {
    if (this.#isWorking) return run();
    const begin = this.#stopwatch();
    this.#isWorking = true;
    try {
      return run();
    } finally {
      this.#isWorking = false;
      const took = this.#stopwatch() - begin;
      if (took > 0) {
        this.#worked += took;
        this.#charge(account, cluster, took);
        this.#openRound();
      }
    }
  }

  #charge(account: string, cluster: string, ms: number): void {
    this.#accounts.charge(account, ms);
    const waiting = this.#accounts.peek(account);
    if (waiting === undefined) return;
    waiting.clusters.charge(cluster, ms);
    waiting.worked += ms;
  }

  /** Serves those who wait once the loop has checked for input. */
  #openRound(): void {
    if (this.#isRoundOpen) return;
    this.#isRoundOpen = true;
    this.#clock.defer(() => {
      this.#isRoundOpen = false;
      this.#worked = 0;
      this.#serve();
    });
  }

  #serve(): void {
    while (this.#worked < roundMs) {
      const account = this.#accounts.next();
      if (account === null) return;
      this.#serveAccount(account.key, account.content);
    }
    if (this.#accounts.size > 0) this.#openRound();
  }

  #serveAccount(account: string, waiting: Waiting): void {
    const { first, gathered, clusters } = waiting;
    const cluster = first.length > 0 || isGathered(waiting) ? null : clusters.next();
    const run = first.shift() ?? (cluster === null ? gathered.shift()?.run : cluster.content.shift());
    if (cluster?.content.length === 0) clusters.remove(cluster.key);
    if (first.length + gathered.length === 0 && clusters.size === 0) this.#accounts.remove(account);
    if (run !== undefined) this.#timed(account, cluster?.key ?? "", run);
  }
}

/** True if gathered work has waited for enough other work. */
function isGathered({ gathered, clusters, worked }: Waiting): boolean {
  const [oldest] = gathered;
  return oldest !== undefined && (clusters.size === 0 || worked - oldest.since >= gatheringMs);
}
