/** How many lines a cause may write: the first in full, the rest counted. */
import type { LogLevel } from "../cluster-runner/log.ts";

export type LogCause = { readonly level: LogLevel; readonly message: string; readonly kind: string };

/** Lines of one cause that were left out, to be told of in one. */
export type LeftOut = LogCause & { readonly lines: number; readonly seconds: number };

/** LIMIT: a fleet that comes back, or an operator's mistake, is seen in so many examples; the rest says nothing new. */
const linesAtOnce = 60;
/** LIMIT: a cause that lasts is seen to last, and a log of 10,000 lines a minute becomes one of ten and a count. */
const linesPerMinute = 10;
/** LIMIT: there are a hundred messages, each with a few kinds of error. More share one budget. */
const causesMax = 1_000;

const minuteMs = 60_000;
const othersOf = (level: LogLevel): LogCause => ({ level, message: "Lines of other causes", kind: "" });

type Account = {
  readonly cause: LogCause;
  lines: number;
  at: number;
  leftOut: number;
  /** When the first of those was left out. */
  since: number;
};

/** Keeps an account for each cause. Pure: the time comes with each call, in epoch milliseconds, and may go back. */
export class LogBudget {
  readonly #accounts = new Map<string, Account>();

  /** Whether a line of the cause is to be written. One that is not is counted. */
  allows(cause: LogCause, now: number): boolean {
    const account = this.#accountOf(cause, now);
    const gained = (Math.max(0, now - account.at) / minuteMs) * linesPerMinute;
    account.lines = Math.min(linesAtOnce, account.lines + gained);
    account.at = now;
    if (account.lines >= 1) {
      account.lines -= 1;
      return true;
    }
    if (account.leftOut === 0) account.since = now;
    account.leftOut += 1;
    return false;
  }

  /** What was left out since the last time, and forgets causes that have their whole budget again. */
  take(now: number): readonly LeftOut[] {
    const all: LeftOut[] = [];
    for (const [key, account] of this.#accounts) {
      const { cause, leftOut, since, lines, at } = account;
      if (leftOut > 0) {
        all.push({ ...cause, lines: leftOut, seconds: Math.max(1, Math.round((now - since) / 1_000)) });
        account.leftOut = 0;
      } else if (lines + ((now - at) / minuteMs) * linesPerMinute >= linesAtOnce) this.#accounts.delete(key);
    }
    return all;
  }

  #accountOf(cause: LogCause, now: number): Account {
    const known = this.#accounts.get(keyOf(cause));
    if (known !== undefined) return known;
    const kept = this.#accounts.size < causesMax ? cause : othersOf(cause.level);
    const account = this.#accounts.get(keyOf(kept)) ?? {
      cause: kept,
      lines: linesAtOnce,
      at: now,
      leftOut: 0,
      since: now,
    };
    this.#accounts.set(keyOf(kept), account);
    return account;
  }
}

const keyOf = ({ level, message, kind }: LogCause): string => `${level} ${kind} ${message}`;
