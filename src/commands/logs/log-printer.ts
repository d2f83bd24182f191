import type { LogLine } from "./read-logs.ts";

export type PrinterOptions = {
  readonly write: (text: string) => void;
  readonly isJson: boolean;
  readonly timestamps: boolean;
  /** Whether the output is a terminal that shows colours. */
  readonly isColoured: boolean;
  /** Whether to say which container wrote a line. */
  readonly isNamed: boolean;
};

/** As many digits of a task's id as tell tasks apart in practice. */
const idDigits = 8;
/** Terminal colours that can be read on dark and light grounds: cyan, yellow, green, magenta, blue, and their bright ones. */
const colours = [36, 33, 32, 35, 34, 96, 93, 92, 95, 94];

/** Writes lines for people, or as JSON. */
export class LogPrinter {
  readonly #options: PrinterOptions;
  readonly #colours = new Map<string, number>();
  /** How many lines were written. */
  count = 0;

  constructor(options: PrinterOptions) {
    this.#options = options;
  }

  show(lines: readonly LogLine[]): void {
    this.count += lines.length;
    const { isJson, write } = this.#options;
    write(lines.map((line) => (isJson ? jsonOf(line) : this.#text(line))).join(""));
  }

  #text(line: LogLine): string {
    const { timestamps } = this.#options;
    const time = timestamps ? `${new Date(line.timestamp).toISOString()} ` : "";
    const head = `${this.#name(line)}${time}`;
    // A message of several lines stays recognisable.
    const message = line.message.replace(/\r?\n$/, "");
    return `${message
      .split("\n")
      .map((each) => `${head}${each}`)
      .join("\n")}\n`;
  }

  #name({ taskId, container }: LogLine): string {
    const { isNamed, isColoured } = this.#options;
    if (!isNamed) return "";
    const name = `${taskId.slice(0, idDigits)}/${container} | `;
    if (!isColoured) return name;
    const colour = this.#colours.get(name) ?? colours[this.#colours.size % colours.length] ?? 36;
    this.#colours.set(name, colour);
    return `\u001b[${colour}m${name}\u001b[0m`;
  }
}

function jsonOf({ timestamp, taskId, container, group, stream, message }: LogLine): string {
  return `${JSON.stringify({ timestamp, taskId, container, logGroup: group, logStream: stream, message })}\n`;
}
