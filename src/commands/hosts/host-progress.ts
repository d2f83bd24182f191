import type { AgentLog } from "../../agent/agent-log.ts";
import type { HostFleet } from "./host-fleet.ts";

/** LIMIT: on a terminal the count moves as you watch; elsewhere each count is a line in a log. */
const terminalIntervalMs = 200;
const lineIntervalMs = 5_000;
/** What the command reports itself: such a host registers as a new one, or the command ends. */
const toldElsewhere = "the registration was refused";

/** Shows on standard error how many hosts are connected, whenever that changes, and what goes wrong with them. */
export class HostProgress {
  readonly #isTerminal = process.stderr.isTTY === true;
  readonly #complaints = new Set<string>();
  #timer: NodeJS.Timeout | null = null;
  #shown = "";

  /** For agents: warnings and errors become a line, each kind once, with the first cause: 5,000 hosts all say the same. */
  readonly log: AgentLog = (level, { err }, message) => {
    if ((level !== "warn" && level !== "error") || message === toldElsewhere || this.#complaints.has(message)) return;
    this.#complaints.add(message);
    const cause = err instanceof Error ? `: ${err.message.replace(/\.$/, "")}` : "";
    this.say(`${message.charAt(0).toUpperCase()}${message.slice(1)}${cause}.`);
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

const countOf = ({ connected, size }: HostFleet): string => `connected ${connected} of ${size}`;
