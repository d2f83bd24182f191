import { QueryError } from "./query-error.ts";

/** A position in a text that is read from left to right. */
export class Cursor {
  readonly text: string;
  at = 0;
  readonly #offset: number;

  /** `offset` is where `text` begins in the caller's expression. */
  constructor(text: string, offset = 0) {
    this.text = text;
    this.#offset = offset;
  }

  get ended(): boolean {
    return this.at >= this.text.length;
  }

  /** True if the text continues with `expected`. */
  sees(expected: string): boolean {
    return this.text.startsWith(expected, this.at);
  }

  /** Skips `expected` if the text continues with it. */
  takes(expected: string): boolean {
    if (!this.sees(expected)) return false;
    this.at += expected.length;
    return true;
  }

  /** What the sticky `pattern` matches here, skipping it; "" if nothing. */
  takeAll(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0] ?? "";
    this.at += found.length;
    return found;
  }

  /** The character here, skipping it. A surrogate pair is one character. Must not be called at the end. */
  takeCodePoint(): number {
    const code = this.text.codePointAt(this.at) ?? 0;
    this.at += code > 0xffff ? 2 : 1;
    return code;
  }

  /** Throws a QueryError about this position, or about `at`. */
  fail(reason: string, at = this.at): never {
    throw new QueryError(reason, this.#offset + at);
  }

  /** Throws a QueryError: `expected` was expected here, but something else was found. */
  failExpecting(expected: string, at = this.at): never {
    this.fail(`Expected ${expected}, found ${found(this.text, at)}`, at);
  }
}

// LIMIT: enough of the text to recognize it in a message.
const foundCharactersMax = 24;

/** The text at `at` up to the next space, for a message. */
function found(text: string, at: number): string {
  if (at >= text.length) return "the end";
  const word = /^\s?\S*/.exec(text.slice(at, at + foundCharactersMax + 1))?.[0] ?? "";
  return word.length > foundCharactersMax ? `"${word.slice(0, foundCharactersMax)}..."` : `"${word}"`;
}
