import { must } from "../../lib/assert.ts";
import type { Timeline } from "../timeline.ts";
import type { Journal } from "./journal.ts";
import { JournaledHeap } from "./journaled.ts";
import type { Table } from "./table.ts";

/** A document that changes by itself at some time. */
export type DueDocument = { readonly table: Table<object>; readonly key: string };

/** When documents are due, by the `dueAt` of their kinds. Entries may be stale: the document may have changed or gone since. */
export class DueDocuments {
  readonly #journal: Journal;
  #heap: JournaledHeap<DueDocument>;

  constructor(tables: readonly Table<object>[], journal: Journal, timeline: Timeline) {
    this.#journal = journal;
    this.#heap = new JournaledHeap(journal);
    for (const table of tables) {
      const { dueAt } = table.kind;
      if (dueAt === undefined) continue;
      table.onChange((key, _, after) => {
        const at = after === undefined ? null : dueAt(after, timeline);
        if (at !== null) this.#heap.push(at, { table, key });
      });
    }
  }

  /** The earliest time at which something is due, or null. */
  nextAt(): number | null {
    return this.#heap.peekAt();
  }

  /** Removes and returns the next entry due at `now`. */
  take(now: number): DueDocument | undefined {
    const at = this.#heap.peekAt();
    return at === null || at > now ? undefined : must(this.#heap.pop(), "an entry that is due");
  }

  /** Forgets everything due. Not part of any step. */
  clear(): void {
    this.#heap = new JournaledHeap(this.#journal);
  }
}
