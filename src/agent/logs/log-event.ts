/** How far the output of a container was read: `count` pieces with this time of Docker's (RFC 3339, nanoseconds), and all before. */
export type LogPosition = { readonly at: string; readonly count: number };

/** A line of output, without its end. */
export type LogLine = {
  /** Epoch milliseconds of the machine's clock. */
  readonly timestamp: number;
  readonly text: string;
  /** Where to go on reading once this line is shipped. Null: nowhere, or from the beginning. */
  readonly resumeAt: LogPosition | null;
};

/** An event as CloudWatch Logs takes it: one line or several. */
export type LogEvent = LogLine & {
  /** What it counts in a batch. */
  readonly bytes: number;
};

/** AWS: what an event counts in addition to its text. */
export const eventOverheadBytes = 26;
/** AWS: the longest text of an event that Docker sends. */
export const eventTextBytesMax = 262_144 - eventOverheadBytes;

/** The line as one event or, if it is too long, as several. None for an empty line, which CloudWatch Logs refuses. */
export function eventsOf({ timestamp, text, resumeAt }: LogLine): readonly LogEvent[] {
  const parts = partsOf(text, eventTextBytesMax);
  return parts.map((part, index) => ({
    timestamp,
    text: part,
    // Until all parts are shipped, the line has to be read again.
    resumeAt: index === parts.length - 1 ? resumeAt : null,
    bytes: Buffer.byteLength(part) + eventOverheadBytes,
  }));
}

/** `text` in parts of at most `bytesMax` bytes of UTF-8. No character is cut. */
function partsOf(text: string, bytesMax: number): readonly string[] {
  if (text === "") return [];
  if (text.length * 3 <= bytesMax || Buffer.byteLength(text) <= bytesMax) return [text];
  const bytes = Buffer.from(text);
  const parts: string[] = [];
  for (let from = 0; from < bytes.length; ) {
    let to = Math.min(from + bytesMax, bytes.length);
    // 10xxxxxx continues a character.
    while (to < bytes.length && ((bytes[to] ?? 0) & 0xc0) === 0x80) to -= 1;
    parts.push(bytes.toString("utf8", from, to));
    from = to;
  }
  return parts;
}
