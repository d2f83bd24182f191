import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";

/** LIMIT: compressing costs 25 µs to begin with, and shorter texts would not become much shorter. */
const compressedFrom = 1_024;

/** LIMIT: a hundred times what a row may hold; more is damage. */
const unpackedBytesMax = 536_870_912;

/** Level 1 packs a task's events to a twentieth at 1 GB/s. Higher levels take longer and save little. */
const compression = {
  params: { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 },
};

/** The length that stands for null. */
const absent = -1;

/**
 * Some texts as one value of a row: readable text when it is short, compressed otherwise. One text alone stays as it is; several follow a
 * line with their lengths.
 */
export function packTexts(texts: readonly (string | null)[]): string | Uint8Array {
  const packed =
    texts.length === 1 && typeof texts[0] === "string"
      ? texts[0]
      : `${JSON.stringify(texts.map((text) => text?.length ?? absent))}\n${texts.join("")}`;
  return packed.length < compressedFrom ? packed : zstdCompressSync(packed, compression);
}

/** The texts of a packed value; `count` is how many, null if several. Throws PackedTextError if they are damaged. */
export function unpackTexts(packed: unknown, count: number | null): (string | null)[] {
  try {
    const text = packed instanceof Uint8Array ? decompressed(packed) : String(packed);
    return count === 1 ? [text] : textsOf(text, count);
  } catch (cause) {
    throw new PackedTextError(`packed texts are damaged: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}

const decompressed = (packed: Uint8Array): string =>
  zstdDecompressSync(packed, { maxOutputLength: unpackedBytesMax }).toString("utf8");

function textsOf(packed: string, count: number | null): (string | null)[] {
  let at = packed.indexOf("\n") + 1;
  const lengths = JSON.parse(packed.slice(0, at)) as number[];
  const texts = lengths.map((length) => {
    if (length === absent) return null;
    at += length;
    return packed.slice(at - length, at);
  });
  if (at !== packed.length || (count !== null && texts.length !== count)) throw new Error("some are missing");
  return texts;
}

/** A packed value that is damaged or cut off. */
export class PackedTextError extends Error {
  override readonly name = "PackedTextError";
}
