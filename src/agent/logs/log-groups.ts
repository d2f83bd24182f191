import type { EventStart } from "./event-start.ts";
import { eventTextBytesMax, type LogLine } from "./log-event.ts";

/**
 * Joins lines to events of several lines. AWS: as Docker does: an event ends before a line that begins one, or when it would be longer
 * than CloudWatch Logs allows, or after a while without another line. Each line keeps its end.
 */
export class LogGroups {
  readonly #isStart: EventStart;
  #lines: string[] = [];
  #bytes = 0;
  #timestamp = 0;
  #resumeAt: LogLine["resumeAt"] = null;

  constructor(isStart: EventStart) {
    this.#isStart = isStart;
  }

  /** Whether lines wait for more. */
  get isOpen(): boolean {
    return this.#lines.length > 0;
  }

  /** The event that ended with this line's arrival, if one did. */
  add(line: LogLine): LogLine | null {
    const bytes = Buffer.byteLength(line.text) + 1;
    const ended = this.#isStart(line.text) || this.#bytes + bytes > eventTextBytesMax ? this.end() : null;
    if (!this.isOpen) this.#timestamp = line.timestamp;
    this.#lines.push(`${line.text}\n`);
    this.#bytes += bytes;
    this.#resumeAt = line.resumeAt;
    return ended;
  }

  /** What waits, as an event. Null if nothing does. */
  end(): LogLine | null {
    if (!this.isOpen) return null;
    const event = { timestamp: this.#timestamp, text: this.#lines.join(""), resumeAt: this.#resumeAt };
    this.#lines = [];
    this.#bytes = 0;
    return event;
  }
}
