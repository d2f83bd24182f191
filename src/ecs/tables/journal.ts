/** What a step wrote: the document as it stands now, or null when it is gone. `kind` is the name of its kind. */
export type DocumentChange = { readonly kind: string; readonly key: string; readonly value: object | null };

/** A table as its journal sees it. */
export type JournaledTable = {
  readonly kind: { readonly name: string };
  get(key: string): object | undefined;
  /** Puts the document of `key` back as it was; undefined when there was none. */
  restore(key: string, before: object | undefined): void;
  /** The step under way has been committed or rolled back. */
  settle(): void;
};

type Undo = { readonly table: JournaledTable; readonly key: string; readonly before: object | undefined };

/**
 * The undo list of the step under way. A step changes a state in place; when it refuses, `rollback` takes every change back, the
 * newest first, so that refused means untouched and no state is ever copied whole. There are two sorts of state:
 *
 *   documents, and what follows from them   Tables record each document. Indexes follow their tables back.
 *   what was noted meanwhile                What is due, who waits, what was announced last: no document says it. It lives in the
 *                                           collections of journaled.ts, which record how each of their changes is undone.
 */
export class Journal {
  #documents: Undo[] = [];
  #notes: (() => void)[] = [];
  #isUndoing = false;
  #isRecording = true;
  /** The documents that the last commit let go of. */
  #committed: readonly Undo[] = [];

  /** True when the step under way has written a document. */
  get hasChanges(): boolean {
    return this.#documents.length > 0;
  }

  /** While documents go back, indexes follow them. What was noted goes back by itself, and takes nothing from them. */
  get isUndoing(): boolean {
    return this.#isUndoing;
  }

  recordDocument(table: JournaledTable, key: string, before: object | undefined): void {
    this.#documents.push({ table, key, before });
  }

  /** `undo` takes back one change of what was noted. It is called when all later changes have been undone. */
  recordNote(undo: () => void): void {
    if (this.#isRecording) this.#notes.push(undo);
  }

  /** For what is done between steps, such as loading: it belongs to none of them and cannot be undone. */
  betweenSteps<T>(run: () => T): T {
    this.#isRecording = this.#notes.length > 0;
    try {
      return run();
    } finally {
      this.#isRecording = true;
    }
  }

  /** The last value of each document written since the last commit or rollback, in order of first writing. */
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
   * Puts the documents back that the last commit changed; to call when no later commit stands on it any more. Notes stay as they are,
   * and a deleted document comes back behind the others, so that the state is only good for answering reads.
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
