import type { DocumentKind } from "../documents/document-kind.ts";
import type { Journal, JournaledTable } from "./journal.ts";

/** Called with every change, including undone ones, so an index always matches its documents. */
export type ChangeListener<D> = (key: string, before: D | undefined, after: D | undefined) => void;

/** Documents of one kind, by key. A document is immutable: to change it, put another one in its place. */
export class Table<D extends object> implements JournaledTable {
  readonly kind: DocumentKind<D>;
  /** Undefined for a document that the current step has deleted: if it is restored, it keeps its position. */
  readonly #documents = new Map<string, D | undefined>();
  /** Keys that the current step has deleted. Some of them may exist again. */
  readonly #deleted = new Set<string>();
  /** The number of empty places. */
  #gaps = 0;
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
    return this.#documents.size - this.#gaps;
  }

  /** Rises with every change, including undone ones. While it is unchanged, what was derived from the documents is valid. */
  get changes(): number {
    return this.#changes;
  }

  get(key: string): D | undefined {
    return this.#documents.get(key);
  }

  has(key: string): boolean {
    return this.#documents.get(key) !== undefined;
  }

  /** In the order they were loaded or first put, like `entries` and `keys`. */
  *values(): IterableIterator<D> {
    for (const document of this.#documents.values()) if (document !== undefined) yield document;
  }

  *entries(): IterableIterator<[string, D]> {
    for (const [key, document] of this.#documents) if (document !== undefined) yield [key, document];
  }

  *keys(): IterableIterator<string> {
    for (const [key, document] of this.#documents) if (document !== undefined) yield key;
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
    this.#deleted.add(key);
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

  /** For the journal only: the current step can't be undone any more. */
  settle(): void {
    if (this.#deleted.size === 0) return;
    for (const key of this.#deleted) if (this.#documents.get(key) === undefined) this.#documents.delete(key);
    this.#deleted.clear();
    this.#gaps = 0;
  }

  #set(key: string, before: D | undefined, after: D | undefined): void {
    this.#changes += 1;
    const leavesGap = after === undefined && this.#deleted.has(key);
    if (after === undefined && !leavesGap) this.#documents.delete(key);
    else this.#documents.set(key, after);
    if (this.#deleted.has(key)) this.#gaps += (before === undefined ? -1 : 0) + (after === undefined ? 1 : 0);
    for (const listener of this.#listeners) listener(key, before, after);
  }
}
