import { createHash, type Hash } from "node:crypto";

/** LIMIT: what a failure report shows of the moments before it. */
const tailLines = 60;
/** LIMIT: keeps a line readable in the tail; the hash covers the whole line. */
const shownCharacters = 400;

/** Everything that happened in a run, one line each, with the virtual time. Two runs are equal if their hashes are. */
export class Trace {
  readonly #hash: Hash = createHash("sha256");
  readonly #startMs: number;
  readonly #now: () => number;
  readonly #sink: ((line: string) => void) | null;
  readonly #tail: string[] = [];
  lines = 0;

  constructor(now: () => number, sink: ((line: string) => void) | null) {
    this.#startMs = now();
    this.#now = now;
    this.#sink = sink;
  }

  /** `kind` is a word or two; `fields` is anything that JSON can hold. */
  add(kind: string, fields: unknown): void {
    const seconds = ((this.#now() - this.#startMs) / 1000).toFixed(3);
    const line = `${seconds} ${kind} ${typeof fields === "string" ? fields : JSON.stringify(fields)}`;
    this.lines += 1;
    this.#hash.update(line).update("\n");
    this.#sink?.(line);
    this.#tail.push(line.length > shownCharacters ? `${line.slice(0, shownCharacters)}...` : line);
    if (this.#tail.length > tailLines) this.#tail.shift();
  }

  tail(): readonly string[] {
    return this.#tail;
  }

  /** Of all lines so far. */
  digest(): string {
    return this.#hash.copy().digest("hex");
  }
}
