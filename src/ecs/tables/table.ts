import type { DocumentKind } from "../documents/document-kind.ts";
import type { Journal, JournaledTable } from "./journal.ts";

/** Called with every change, including undone ones, so an index always matches its documents. */
export type ChangeListener<D> = (key: string, before: D | undefined, after: D | undefined) => void;

/** Documents of one kind, by key. A document is immutable: to change it, put another one in its place. */
export class Table<D extends object> implements JournaledTable {
  readonly kind: DocumentKind<D>;
  readonly #documents = new Map<string, D>();
  readonly #journal: Journal;
  readonly #listeners: ChangeListener<D>[] = [];
  #changes = 0;

  constructor(kind: DocumentKind<D>, journal: Journal) {
    this.kind = kind;
    this.#journal = journal;
  }

  /** Adds an index. Must be called before any document is loaded. */
  onChange(listener: ChangeListener<D>): void {
    this.#listeners.push(listener);
  }

  get size(): number {
    return this.#documents.size;
  }

  /** Rises with every change, including undone ones. While it is unchanged, what was derived from the documents is valid. */
  get changes(): number {
    return this.#changes;
  }

  get(key: string): D | undefined {
    return this.#documents.get(key);
  }

  has(key: string): boolean {
    return this.#documents.has(key);
  }

  values(): IterableIterator<D> {
    return this.#documents.values();
  }

  entries(): IterableIterator<[string, D]> {
    return this.#documents.entries();
  }

  keys(): IterableIterator<string> {
    return this.#documents.keys();
  }

  put(key: string, document: D): void {
    const before = this.#documents.get(key);
    this.#journal.recordDocument(this, key, before);
    this.#set(key, before, document);
  }

  delete(key: string): void {
    const before = this.#documents.get(key);
    if (before === undefined) return;
    this.#journal.recordDocument(this, key, before);
    this.#set(key, before, undefined);
  }

  /** Loads a stored document while the machine is built. Not part of any step. */
  load(key: string, document: D): void {
    this.#journal.betweenSteps(() => this.#set(key, this.#documents.get(key), document));
  }

  /** For the journal only. */
  restore(key: string, before: object | undefined): void {
    this.#set(key, this.#documents.get(key), before as D | undefined);
  }

  #set(key: string, before: D | undefined, after: D | undefined): void {
    this.#changes += 1;
    if (after === undefined) this.#documents.delete(key);
    else this.#documents.set(key, after);
    for (const listener of this.#listeners) listener(key, before, after);
  }
}
