import { serializationError } from "./errors.ts";

// LIMIT: the deepest shape of the API has 9 levels; the rest is room for the one member that accepts any JSON.
export const nestingDepthMax = 64;

const quote = 0x22;
const backslash = 0x5c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/**
 * Throws WireError(SerializationException) if the JSON `text` nests more than 64 lists and objects. Reads each character once before
 * anything is built, so a hostile body costs no memory.
 */
export function assertNestingDepth(text: string): void {
  // A text this short can't open and close that many.
  if (text.length <= nestingDepthMax) return;
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (char === quote) {
      i = endOfString(text, i);
    } else if (char === openBrace || char === openBracket) {
      depth++;
      if (depth > nestingDepthMax)
        throw serializationError(`The request body nests deeper than ${nestingDepthMax} levels.`);
    } else if (char === closeBrace || char === closeBracket) {
      depth--;
    }
  }
}

/** The index of the closing quote of the string that begins at `start`, or the end of the text if it is unterminated. */
function endOfString(text: string, start: number): number {
  let end = start;
  for (;;) {
    end = text.indexOf('"', end + 1);
    if (end === -1) return text.length;
    let escapes = 0;
    while (text.charCodeAt(end - 1 - escapes) === backslash) escapes++;
    if (escapes % 2 === 0) return end;
  }
}
