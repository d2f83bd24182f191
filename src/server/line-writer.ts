/** Writes lines to whoever reads standard output or standard error, and never waits for them. */
import { fstatSync, writeSync } from "node:fs";

/** LIMIT: some thousand lines. A reader that is further behind does not read. */
const waitingBytesMax = 1_048_576;

/** Where lines go: a stream, or what looks like one. */
export type LineStream = {
  readonly writableLength: number;
  write(text: string, written?: (error?: Error | null) => void): unknown;
  on(event: "drain" | "error", listener: () => void): unknown;
};

export type LineWriterOptions = {
  readonly stream: LineStream;
  /** The line, with its end, that says how many lines are missing at this place. */
  readonly missing: (lines: number) => string;
  readonly waitingBytesMax?: number;
};

export class LineWriter {
  readonly #options: LineWriterOptions;
  readonly #bytesMax: number;
  #missing = 0;
  #isClosed = false;

  constructor(options: LineWriterOptions) {
    this.#options = options;
    this.#bytesMax = options.waitingBytesMax ?? waitingBytesMax;
    // The reader may go away; whoever writes stays.
    options.stream.on("error", () => {
      this.#isClosed = true;
    });
    options.stream.on("drain", () => this.#tellMissing());
  }

  /** Writes a line, which has its end. One for which there is no room is counted. */
  write(line: string): void {
    if (this.#isClosed) return;
    const { stream } = this.#options;
    this.#tellMissing();
    if (this.#missing > 0 || stream.writableLength + line.length > this.#bytesMax) this.#missing += 1;
    else stream.write(line);
  }

  /** Resolves when everything is written that can be, or after `timeoutMs`. */
  async flush(timeoutMs: number): Promise<void> {
    const { stream } = this.#options;
    if (this.#isClosed || (stream.writableLength === 0 && this.#missing === 0)) return;
    await new Promise<void>((resolve) => {
      const timeout = setTimeout(resolve, timeoutMs);
      stream.write("", () => {
        this.#tellMissing();
        stream.write("", () => {
          clearTimeout(timeout);
          resolve();
        });
      });
    });
  }

  #tellMissing(): void {
    const { stream, missing } = this.#options;
    if (this.#missing === 0 || this.#isClosed) return;
    const line = missing(this.#missing);
    if (stream.writableLength + line.length > this.#bytesMax) return;
    this.#missing = 0;
    stream.write(line);
  }
}

/**
 * Standard output or standard error. Pipes and sockets take lines without waiting; a file takes them at once, and one that cannot
 * (the disk is full) gets the next line again. A terminal that is stopped with Ctrl+S stops whoever writes to it.
 */
export function standardStream(fd: 1 | 2): LineStream {
  return isFile(fd) ? new FileLines(fd) : fd === 1 ? process.stdout : process.stderr;
}

function isFile(fd: number): boolean {
  try {
    return fstatSync(fd).isFile();
  } catch {
    return false;
  }
}

/** Appends to an open file. Node's own stream for it ends for good with the first write that fails. */
class FileLines implements LineStream {
  readonly writableLength = 0;
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  write(text: string, written?: () => void): void {
    try {
      writeSync(this.#fd, text);
    } catch {
      // The next line may find room.
    }
    written?.();
  }

  on(): void {}
}
