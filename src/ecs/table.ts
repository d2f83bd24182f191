/** What a step wrote: the document as it stands now, or null when it is gone. */
export type DocumentChange = { readonly kind: string; readonly key: string; readonly value: object | null };

type Undo = { readonly table: Table<object>; readonly key: string; readonly before: object | undefined };

/**
 * The undo list of the step under way. A step changes tables in place; when it refuses, `rollback` puts every document
 * back, newest change first, so that refused means untouched and no state is ever copied whole.
 */
export class Journal {
  readonly #undos: Undo[] = [];

  /** True when the step under way has written nothing. */
  get isEmpty(): boolean {
    return this.#undos.length === 0;
  }

  record(table: Table<object>, key: string, before: object | undefined): void {
    this.#undos.push({ table, key, before });
  }

  /** The last value of each document written since the last commit or rollback, in order of first writing. */
  commit(): DocumentChange[] {
    const seen = new Map<Table<object>, Set<string>>();
    const changes: DocumentChange[] = [];
    for (const { table, key } of this.#undos) {
      const keys = seen.get(table);
      if (keys === undefined) seen.set(table, new Set([key]));
      else if (keys.size === keys.add(key).size) continue;
      changes.push({ kind: table.kind, key, value: table.get(key) ?? null });
    }
    this.#undos.length = 0;
    return changes;
  }

  rollback(): void {
    for (let i = this.#undos.length - 1; i >= 0; i--) {
      const { table, key, before } = this.#undos[i] as Undo;
      table.restore(key, before);
    }
    this.#undos.length = 0;
  }
}

/** Told of every change, undone ones included, so that an index is always what its documents say. */
export type ChangeListener<D> = (key: string, before: D | undefined, after: D | undefined) => void;

/** Documents of one kind, by key. A document is immutable: to change it, put another one in its place. */
export class Table<D extends object> {
  readonly kind: string;
  readonly #documents = new Map<string, D>();
  readonly #journal: Journal;
  readonly #listeners: ChangeListener<D>[] = [];
  #changes = 0;

  constructor(kind: string, journal: Journal) {
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

  /** Rises with every change, undone ones included: as long as it stands still, so does what was made from the documents. */
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
    this.#journal.record(this as unknown as Table<object>, key, before);
    this.#set(key, before, document);
  }

  delete(key: string): void {
    const before = this.#documents.get(key);
    if (before === undefined) return;
    this.#journal.record(this as unknown as Table<object>, key, before);
    this.#set(key, before, undefined);
  }

  /** Takes a stored document in while the machine is built; not part of any step. */
  load(key: string, document: D): void {
    this.#set(key, this.#documents.get(key), document);
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
