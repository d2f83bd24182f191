/** Writes lines to standard output or standard error without ever waiting for a slow reader. */
import { fstatSync, writeSync } from "node:fs";

/** LIMIT: a few thousand lines; a reader that falls further behind has stopped reading. */
const waitingBytesMax = 1_048_576;

/** The part of a writable stream that we use. */
export type LineStream = {
  readonly writableLength: number;
  write(text: string, written?: (error?: Error | null) => void): unknown;
  on(event: "drain" | "error", listener: () => void): unknown;
};

export type LineWriterOptions = {
  readonly stream: LineStream;
  /** The line, including its newline, that says how many lines are missing. */
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
    // The reader may go away; that must not end the process.
    options.stream.on("error", () => {
      this.#isClosed = true;
    });
    options.stream.on("drain", () => this.#tellMissing());
  }

  /** Writes a line, which includes its newline. If there is no room, the line is dropped and counted. */
  write(line: string): void {
    if (this.#isClosed) return;
    const { stream } = this.#options;
    this.#tellMissing();
    if (this.#missing > 0 || stream.writableLength + line.length > this.#bytesMax) this.#missing += 1;
    else stream.write(line);
  }

  /** Resolves when all lines are written, or after `timeoutMs`. */
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
 * Standard output or standard error. Pipes and sockets never block. Files are written synchronously; a failed write (disk full) loses
 * only that line. A terminal stopped with Ctrl+S does block the process.
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

/** Appends to an open file. Node's own stream for a file stays closed after the first failed write. */
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
      // The next line may succeed.
    }
    written?.();
  }

  on(): void {}
}
