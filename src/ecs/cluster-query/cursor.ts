import { QueryError } from "./query-error.ts";

/** A place in a text that is read from left to right. */
export class Cursor {
  readonly text: string;
  at = 0;
  readonly #offset: number;

  /** `offset` is where `text` begins in the expression that the caller wrote. */
  constructor(text: string, offset = 0) {
    this.text = text;
    this.#offset = offset;
  }

  get ended(): boolean {
    return this.at >= this.text.length;
  }

  /** True when the text goes on with `expected`. */
  sees(expected: string): boolean {
    return this.text.startsWith(expected, this.at);
  }

  /** Steps over `expected` if the text goes on with it. */
  takes(expected: string): boolean {
    if (!this.sees(expected)) return false;
    this.at += expected.length;
    return true;
  }

  /** What the sticky `pattern` matches here, stepped over; "" for nothing. */
  takeAll(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0] ?? "";
    this.at += found.length;
    return found;
  }

  /** The character here, stepped over. A character beyond 16 bits counts as one. Not at the end. */
  takeCodePoint(): number {
    const code = this.text.codePointAt(this.at) ?? 0;
    this.at += code > 0xffff ? 2 : 1;
    return code;
  }

  /** Throws what is wrong here, or at `at`. */
  fail(reason: string, at = this.at): never {
    throw new QueryError(reason, this.#offset + at);
  }

  /** Throws that something else than `expected` is here. */
  failExpecting(expected: string, at = this.at): never {
    this.fail(`Expected ${expected}, found ${found(this.text, at)}`, at);
  }
}

// LIMIT: enough of what stands there to recognize it in a message.
const foundCharactersMax = 24;

/** What stands at `at`, for a message: the text up to the next space. */
function found(text: string, at: number): string {
  if (at >= text.length) return "the end";
  const word = /^\s?\S*/.exec(text.slice(at, at + foundCharactersMax + 1))?.[0] ?? "";
  return word.length > foundCharactersMax ? `"${word.slice(0, foundCharactersMax)}..."` : `"${word}"`;
}
