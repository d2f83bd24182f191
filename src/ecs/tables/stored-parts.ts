/** The name of the part, and which members it has. */
export type Apart = { readonly name: string; readonly members: readonly string[] };

type Members = Readonly<Record<string, unknown>>;

/**
 * Documents of a kind that the store holds in two parts, for one machine: takes them apart when they are written, and puts them together when
 * they are loaded. Both parts lie under the same key. Documents of earlier versions may be in one piece.
 */
export class StoredParts {
  readonly #apart: Apart;
  readonly #members: ReadonlySet<string>;
  /** The parts of their own that the store has, or will have with the steps given out so far. */
  readonly #stored = new Map<string, Members>();
  /** The rest of documents whose other part is yet to be loaded. */
  readonly #rests = new Map<string, object>();
  /** Keys of parts that were loaded before the rest of their document. */
  readonly #early = new Set<string>();

  constructor(apart: Apart) {
    this.#apart = apart;
    this.#members = new Set<string>(apart.members);
  }

  /** What to store for a document that was written: the rest, and its part when that changed. Null deletes. */
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

  /** Takes one stored document under either name; gives the whole document as soon as both parts are there, else null. */
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

  /** The key of a document of which one part was loaded and the other was not, or null. */
  incomplete(): string | null {
    const [half] = [...this.#rests.keys(), ...this.#early];
    return half ?? null;
  }
}
