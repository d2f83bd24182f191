/** A change of a step: the document's new value, or null if it was removed. `kind` is the name of its kind. */
export type DocumentChange = { readonly kind: string; readonly key: string; readonly value: object | null };

/** A table as its journal sees it. */
export type JournaledTable = {
  readonly kind: { readonly name: string };
  get(key: string): object | undefined;
  /** Restores the document of `key`; undefined if there was none. */
  restore(key: string, before: object | undefined): void;
  /** The current step has been committed or rolled back. */
  settle(): void;
};

type Undo = { readonly table: JournaledTable; readonly key: string; readonly before: object | undefined };

/**
 * The undo list of the current step. A step changes state in place; if it is refused, `rollback` undoes every change, newest first. So
 * refused means untouched, and no state is ever copied whole. There are two sorts of state:
 *
 * - Documents and their indexes. Tables record each document, and indexes follow their tables back.
 * - Notes: what no document says, such as what is due, who waits, what was announced last. They are in the collections of journaled.ts,
 *   which record how to undo each of their changes.
 */
export class Journal {
  #documents: Undo[] = [];
  #notes: (() => void)[] = [];
  #isUndoing = false;
  #isRecording = true;
  /** The documents that the last commit replaced. */
  #committed: readonly Undo[] = [];

  /** True if the current step has written a document. */
  get hasChanges(): boolean {
    return this.#documents.length > 0;
  }

  /** While documents are restored, indexes follow them. Notes restore themselves and ignore the indexes' writes. */
  get isUndoing(): boolean {
    return this.#isUndoing;
  }

  recordDocument(table: JournaledTable, key: string, before: object | undefined): void {
    this.#documents.push({ table, key, before });
  }

  /** `undo` undoes one change of a note. It is called after all later changes are undone. */
  recordNote(undo: () => void): void {
    if (this.#isRecording) this.#notes.push(undo);
  }

  /** For work between steps, such as loading: it belongs to no step and can't be undone. */
  betweenSteps<T>(run: () => T): T {
    this.#isRecording = this.#notes.length > 0;
    try {
      return run();
    } finally {
      this.#isRecording = true;
    }
  }

  /** The last value of each document written since the last commit or rollback, ordered by first write. */
  commit(): DocumentChange[] {
    const seen = new Map<JournaledTable, Set<string>>();
    const changes: DocumentChange[] = [];
    for (const { table, key } of this.#documents) {
      const keys = seen.get(table);
      if (keys === undefined) seen.set(table, new Set([key]));
      else if (keys.size === keys.add(key).size) continue;
      changes.push({ kind: table.kind.name, key, value: table.get(key) ?? null });
    }
    for (const table of seen.keys()) table.settle();
    this.#committed = this.#documents;
    this.#documents = [];
    this.#notes = [];
    return changes;
  }

  /**
   * Restores the documents that the last commit changed. Call it once no later commit depends on it. Notes stay as they are, so the state
   * can only answer reads afterwards.
   */
  undoOfCommit(): () => void {
    const committed = this.#committed;
    return () => this.#restore(committed);
  }

  rollback(): void {
    const documents = this.#documents;
    const notes = this.#notes;
    this.#documents = [];
    this.#notes = [];
    this.#restore(documents);
    for (const { table } of documents) table.settle();
    for (const undo of notes.reverse()) undo();
  }

  #restore(undos: readonly Undo[]): void {
    this.#isUndoing = true;
    try {
      for (let i = undos.length - 1; i >= 0; i--) {
        const { table, key, before } = undos[i] as Undo;
        table.restore(key, before);
      }
    } finally {
      this.#isUndoing = false;
    }
  }
}
