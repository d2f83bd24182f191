import { eventTextBytesMax, type LogLine, type LogPosition } from "./log-event.ts";

/** A part of a container's output as Docker keeps it: a line, or 16 KiB of a longer one. */
export type OutputPiece = {
  readonly source: "stdout" | "stderr";
  /** Docker's time, RFC 3339 with nanoseconds. All pieces of a line have the same. */
  readonly at: string;
  /** Ends with a line feed if the line ends here. */
  readonly bytes: Uint8Array;
};

type OpenLine = {
  readonly at: string;
  /** The position before its first piece. */
  readonly before: LogPosition | null;
  readonly pieces: Uint8Array[];
  bytes: number;
};

const lineFeed = 10;

/**
 * Joins the pieces of lines. What is not UTF-8 becomes U+FFFD. AWS: a line that is longer than an event is cut, as Docker's buffer
 * for awslogs does.
 */
export class LogLines {
  readonly #open = new Map<OutputPiece["source"], OpenLine>();
  #position: LogPosition | null;

  /** `position`: what was read and shipped already. */
  constructor(position: LogPosition | null = null) {
    this.#position = position;
  }

  /** The lines that are complete with this piece: none or one. */
  add({ source, at, bytes }: OutputPiece): readonly LogLine[] {
    const before = this.#position;
    this.#position = { at, count: before?.at === at ? before.count + 1 : 1 };
    const line = this.#open.get(source) ?? { at, before, pieces: [], bytes: 0 };
    const ends = bytes.at(-1) === lineFeed;
    const content = ends ? bytes.subarray(0, -1) : bytes;
    line.pieces.push(content);
    line.bytes += content.length;
    if (!ends && line.bytes < eventTextBytesMax) {
      this.#open.set(source, line);
      return [];
    }
    this.#open.delete(source);
    return [this.#lineOf(line)];
  }

  /** The output has ended: what is left of unfinished lines. */
  end(): readonly LogLine[] {
    const left = [...this.#open.values()];
    this.#open.clear();
    return left.map((line) => this.#lineOf(line));
  }

  #lineOf({ at, pieces }: OpenLine): LogLine {
    const [first] = pieces;
    const bytes = pieces.length === 1 && first !== undefined ? first : Buffer.concat(pieces);
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
    return { timestamp: Date.parse(at), text, resumeAt: this.#resumeAt() };
  }

  /** An unfinished line of the other source is read again. */
  #resumeAt(): LogPosition | null {
    for (const { before } of this.#open.values()) return before;
    return this.#position;
  }
}
