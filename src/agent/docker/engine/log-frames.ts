import type { OutputPiece } from "../../logs/log-lines.ts";

/** LIMIT: Docker cuts output into 16 KiB; a larger frame is not Docker's. */
const frameBytesMax = 1_048_576;
const headerBytes = 8;
const space = 32;
const lineFeed = 10;

/**
 * The pieces in an answer of `GET /containers/ID/logs` with timestamps. Each frame is a header (source, three zeros, length) and a time,
 * a space and the output. A container with a terminal has no headers, only lines.
 */
export async function* outputPieces(
  chunks: AsyncIterable<Uint8Array>,
  hasTerminal: boolean,
): AsyncGenerator<OutputPiece> {
  let left: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    left = left.length === 0 ? Buffer.from(chunk) : Buffer.concat([left, chunk]);
    for (;;) {
      const end = hasTerminal ? left.indexOf(lineFeed) + 1 : frameEnd(left);
      if (end === 0 || end > left.length) break;
      const piece = pieceOf(left.subarray(0, end), hasTerminal);
      left = left.subarray(end);
      if (piece !== null) yield piece;
    }
    if (left.length > frameBytesMax + headerBytes) throw new Error("the engine sent output in an unknown form");
  }
  if (hasTerminal && left.length > 0) {
    const piece = pieceOf(left, true);
    if (piece !== null) yield piece;
  }
}

/** Where the first frame ends. 0 while its header is incomplete. */
const frameEnd = (bytes: Buffer): number =>
  bytes.length < headerBytes ? 0 : headerBytes + bytes.readUInt32BE(headerBytes / 2);

function pieceOf(frame: Buffer, hasTerminal: boolean): OutputPiece | null {
  const content = hasTerminal ? frame : frame.subarray(headerBytes);
  const end = content.indexOf(space);
  if (end < 0) return null;
  const at = content.toString("latin1", 0, end);
  if (Number.isNaN(Date.parse(at))) return null;
  return { source: !hasTerminal && frame[0] === 2 ? "stderr" : "stdout", at, bytes: content.subarray(end + 1) };
}

/** Docker's form of a time for the query `since`: epoch seconds and nanoseconds. Null if `at` is not a time of Docker's. */
export function sinceOf(at: string): string | null {
  const ms = Date.parse(at);
  const fraction = /\.(\d{1,9})/.exec(at)?.[1] ?? "0";
  return Number.isNaN(ms) ? null : `${Math.floor(ms / 1_000)}.${fraction.padEnd(9, "0")}`;
}
