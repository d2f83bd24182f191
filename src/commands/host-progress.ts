import type { AgentLog } from "../agent/agent-log.ts";
import type { HostFleet } from "./host-fleet.ts";

/** LIMIT: on a terminal the count moves as one watches; elsewhere it is a line in a log. */
const terminalIntervalMs = 200;
const lineIntervalMs = 5_000;
/** What the command tells by itself: such a host starts as a new one, or the command ends. */
const toldElsewhere = "the registration was refused";

/** Tells on standard error how many hosts are connected, whenever that changes, and what goes wrong with them. */
export class HostProgress {
  readonly #isTerminal = process.stderr.isTTY === true;
  readonly #complaints = new Set<string>();
  #timer: NodeJS.Timeout | null = null;
  #shown = "";

  /** For agents: warnings and errors are told in a line, each kind once, with the first cause: 5,000 hosts have the same to say. */
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

  /** The count is told otherwise now: it is shown again when it changes. */
  told(fleet: HostFleet): void {
    this.say(null);
    this.#shown = countOf(fleet);
  }

  /** Takes the count away until it changes, and writes a line. */
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
