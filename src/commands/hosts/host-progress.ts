import { type Log, type LogEvent, logEvents } from "../../lib/log-events.ts";
import type { HostFleet } from "./host-fleet.ts";

/** LIMIT: on a terminal the count moves as you watch; elsewhere each count is a line in a log. */
const terminalIntervalMs = 200;
const lineIntervalMs = 5_000;

/** Shows on standard error how many hosts are connected, whenever that changes, and what goes wrong with them. */
export class HostProgress {
  readonly #isTerminal = process.stderr.isTTY === true;
  readonly #complaints = new Set<LogEvent>();
  #timer: NodeJS.Timeout | null = null;
  #shown = "";

  /** For agents: warnings and errors become a line, each kind once, with the first cause: 5,000 hosts all say the same. */
  readonly log: Log = (event, { err }) => {
    const { level, text } = logEvents[event];
    if ((level !== "warn" && level !== "error") || this.#complaints.has(event)) return;
    this.#complaints.add(event);
    const cause = err instanceof Error ? `: ${withoutStop(err.message)}` : "";
    this.say(`${withoutStop(text)}${cause}.`);
  };

  watch(fleet: HostFleet): void {
    const look = (): void => this.#show(countOf(fleet));
    this.#timer = setInterval(look, this.#isTerminal ? terminalIntervalMs : lineIntervalMs);
  }

  /** The caller has just shown the count: show it again only when it changes. */
  told(fleet: HostFleet): void {
    this.say(null);
    this.#shown = countOf(fleet);
  }

  /** Removes the count until it changes, and writes a line. */
  say(line: string | null): void {
    if (this.#isTerminal && this.#shown !== "") process.stderr.write("\r\u001b[K");
    if (line !== null) process.stderr.write(`berth: ${line}\n`);
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.say(null);
  }

  #show(count: string): void {
    if (count === this.#shown) return;
    this.#shown = count;
    process.stderr.write(this.#isTerminal ? `\r\u001b[K${count} ` : `berth: ${count}\n`);
  }
}

const withoutStop = (sentence: string): string => sentence.replace(/\.$/, "");
const countOf = ({ connected, size }: HostFleet): string => `connected ${connected} of ${size}`;
