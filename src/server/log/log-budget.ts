import type { LogEvent, LogLevel } from "../../lib/log-events.ts";
/** Limits how many lines each cause may write to the log: the first ones in full, the rest as a count. */

export type LogCause = { readonly level: LogLevel; readonly event: LogEvent; readonly kind: string };

/** A count of lines that were left out for one cause. */
export type LeftOut = LogCause & { readonly lines: number; readonly seconds: number };

/** LIMIT: enough examples to recognise a fleet that reconnects or a misconfiguration; more lines say nothing new. */
const linesAtOnce = 60;
/** LIMIT: enough to see that a cause persists. */
const linesPerMinute = 10;
/** LIMIT: there are about a hundred messages with a few kinds of error each. Beyond that, causes share a budget per level. */
const causesMax = 1_000;

const minuteMs = 60_000;
const othersOf = (level: LogLevel): LogCause => ({ level, event: "log-causes-many", kind: "" });

type Account = {
  readonly cause: LogCause;
  lines: number;
  at: number;
  leftOut: number;
  /** When the first of them was left out. */
  since: number;
};

/** Keeps an account for each cause. Pure: each call passes the time in milliseconds, from a clock that never goes back. */
export class LogBudget {
  readonly #accounts = new Map<string, Account>();

  /** Whether to write a line of this cause. If not, the line is counted. */
  allows(cause: LogCause, now: number): boolean {
    const account = this.#accountOf(cause, now);
    const gained = ((now - account.at) / minuteMs) * linesPerMinute;
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

  /** Returns what was left out since the last call, and forgets causes whose budget is full again. */
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

const keyOf = ({ level, event, kind }: LogCause): string => `${level} ${kind} ${event}`;
