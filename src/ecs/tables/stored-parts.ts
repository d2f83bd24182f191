/** The name of the part, and its members. */
export type Apart = { readonly name: string; readonly members: readonly string[] };

type Members = Readonly<Record<string, unknown>>;

/**
 * For one machine, documents of a kind that the store holds in two parts: splits them when they are written, and joins them when they are
 * loaded. Both parts have the same key. Documents of older versions may be in one piece.
 */
export class StoredParts {
  readonly #apart: Apart;
  readonly #members: ReadonlySet<string>;
  /** The parts that the store has, or will have after the steps given out so far. */
  readonly #stored = new Map<string, Members>();
  /** The rests of documents whose part has yet to be loaded. */
  readonly #rests = new Map<string, object>();
  /** Keys of parts that were loaded before the rest of their document. */
  readonly #early = new Set<string>();

  constructor(apart: Apart) {
    this.#apart = apart;
    this.#members = new Set<string>(apart.members);
  }

  /** What to store for a written document: the rest, and its part if that changed. Null deletes. */
  split(key: string, document: object | null): { readonly rest: object | null; readonly part?: object | null } {
    if (document === null) {
      this.#stored.delete(key);
      return { rest: null, part: null };
    }
    const whole = document as Members;
    const rest: Record<string, unknown> = {};
    for (const member in whole) if (!this.#members.has(member)) rest[member] = whole[member];
    const stored = this.#stored.get(key);
    if (stored !== undefined && this.#apart.members.every((member) => stored[member] === whole[member]))
      return { rest };
    const part = Object.fromEntries(this.#apart.members.map((member) => [member, whole[member]]));
    this.#stored.set(key, part);
    return { rest, part };
  }

  /** Takes one stored document under either name. Returns the whole document once both parts are there, otherwise null. */
  join(name: string, key: string, document: object): object | null {
    const [oldest = ""] = this.#apart.members;
    if (name !== this.#apart.name && oldest in document) return document;
    if (name === this.#apart.name) {
      this.#stored.set(key, document as Members);
      this.#early.add(key);
    } else this.#rests.set(key, document);
    const part = this.#stored.get(key);
    const rest = this.#rests.get(key);
    if (part === undefined || rest === undefined) return null;
    this.#rests.delete(key);
    this.#early.delete(key);
    return { ...rest, ...part };
  }

  /** The key of a document with only one part loaded, or null. */
  incomplete(): string | null {
    const [half] = [...this.#rests.keys(), ...this.#early];
    return half ?? null;
  }
}
