import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { InputLogEvent } from "../logs/accept-log-events.ts";
import { LogStoreDamage } from "./log-store.ts";

/**
 * LIMIT: a reader decodes whole chunks, and with a thousand streams it holds one of each; smaller ones compress worse.
 */
const chunkCharacters = 65_536;

/** LIMIT: a reader that starts in the middle looks this far back for chunks that reach over its start. */
export const chunkSpanMs = 60_000;

/** LIMIT: below this, the frame of zstd costs more than it saves. */
const compressedFromBytes = 1_024;

/** Some consecutive events of a batch: what one row of the store has. */
export type EventChunk = {
  readonly first: number;
  readonly last: number;
  readonly count: number;
  readonly body: Uint8Array;
};

/** Divides the events of a batch, which are in order of time, into chunks that are short and span little time. */
export function chunksOf(events: readonly InputLogEvent[]): EventChunk[] {
  const chunks: EventChunk[] = [];
  let start = 0;
  let characters = 0;
  const close = (end: number): void => {
    if (end > start) chunks.push(encoded(events.slice(start, end)));
    start = end;
    characters = 0;
  };
  for (const [index, { timestamp, message }] of events.entries()) {
    const isFull = characters + message.length > chunkCharacters;
    if (isFull || timestamp - (events[start]?.timestamp ?? 0) > chunkSpanMs) close(index);
    characters += message.length;
  }
  close(events.length);
  return chunks;
}

function encoded(events: readonly InputLogEvent[]): EventChunk {
  // JSON keeps surrogates without a partner, which UTF-8 alone would lose.
  const text = JSON.stringify([events.map(({ timestamp }) => timestamp), events.map(({ message }) => message)]);
  const bytes = Buffer.from(text);
  const body = bytes.length < compressedFromBytes ? bytes : zstdCompressSync(bytes, fastest);
  return { first: events[0]?.timestamp ?? 0, last: events.at(-1)?.timestamp ?? 0, count: events.length, body };
}

const fastest = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** Begins every zstd frame, and no JSON. */
const zstdMagic = 0x28;

/** The events of a chunk's body. Throws {@link LogStoreDamage} if it has none. */
export function decodedChunk(body: Uint8Array): InputLogEvent[] {
  try {
    const bytes =
      body[0] === zstdMagic ? zstdDecompressSync(body) : Buffer.from(body.buffer, body.byteOffset, body.length);
    const [timestamps, messages] = JSON.parse(bytes.toString("utf8")) as [number[], string[]];
    return timestamps.map((timestamp, index) => ({ timestamp, message: messages[index] ?? "" }));
  } catch (cause) {
    throw new LogStoreDamage("A chunk of log events cannot be read.", { cause });
  }
}
