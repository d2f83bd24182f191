/** A frame cannot be read. The text says why. Its connection stays open. */
export class FrameError extends Error {
  override readonly name = "FrameError";
}

/** A frame of the telemetry socket: the headers that sign its message, if any, and the message's text. */
export type TelemetryFrame = {
  /** By lower-case names. Null for a message without headers. */
  readonly headers: Readonly<Record<string, string>> | null;
  readonly text: string;
};

const separator = "\r\n\r\n";
/** LIMIT: an authorization with a session token has up to 6 KiB. */
const headersMax = 16_384;
/** LIMIT: a signed message has about ten headers. */
const headerCountMax = 64;

/**
 * Takes a frame apart. AWS: an agent's messages on the telemetry socket begin with the headers of a signed request and an empty
 * line. Throws FrameError if what precedes the message is not such a block.
 */
export function splitTelemetryFrame(frame: string): TelemetryFrame {
  if (frame.startsWith("{")) return { headers: null, text: frame };
  const end = frame.slice(0, headersMax).indexOf(separator);
  if (end === -1) throw new FrameError("neither a message nor headers before one");
  const headers = new Map<string, string>();
  const lines = frame.slice(0, end).split("\r\n", headerCountMax + 1);
  if (lines.length > headerCountMax) throw new FrameError("too many headers");
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon <= 0) throw new FrameError("a header without a name");
    const name = line.slice(0, colon).trim().toLowerCase();
    if (headers.has(name)) throw new FrameError("a header that appears twice");
    headers.set(name, line.slice(colon + 1).trim());
  }
  return { headers: Object.fromEntries(headers), text: frame.slice(end + separator.length) };
}

/** The message in the text of a frame. Throws FrameError if it is not JSON. */
export function messageOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new FrameError("no JSON");
  }
}
