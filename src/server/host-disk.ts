import type { AgentDisk, AgentState } from "../agent/agent-disk.ts";
import type { DocumentWrite } from "../store/store.ts";

type Engine = AgentState["engine"];
type Part = Engine["tasks"][number] | Engine["past"][number];

/** What is stored of a disk: its head, and its tasks by the keys of their documents. */
export type StoredDisk = { readonly head: string; readonly parts: ReadonlyMap<string, string> };

/** The document of a disk: the state but for the tasks, which are documents of their own and are named here in their order. */
export const headKind = "disk";
export const partKind = "disk-task";

type Head = Omit<AgentState, "engine"> & {
  readonly engine: Omit<Engine, "tasks" | "past"> & {
    /** Keys; a disk that was written before there were such documents has the tasks themselves. */
    readonly tasks: readonly (string | Engine["tasks"][number])[];
    readonly past: readonly (string | Engine["past"][number])[];
  };
};

/** Whose disk a task's document is part of: its key is the name of the host, a space and the task's ARN. */
export const hostOfPart = (key: string): string => key.slice(0, key.lastIndexOf(" "));

/**
 * The disk of a host in this process. An agent saves with every step, and a step is about one or two of its tasks: so each
 * task is a document, and only those that differ from what was written last are made into text and written.
 */
export class HostDisk implements AgentDisk {
  readonly #name: string;
  readonly #append: (documents: readonly DocumentWrite[]) => Promise<void>;
  #stored: StoredDisk | null;
  /** What was written of each task, by the key of its document: a copy of what the agent goes on changing. */
  #written = new Map<string, unknown>();

  /** `stored` is null for a disk that nothing was written to; it is read once. */
  constructor(name: string, stored: StoredDisk | null, append: (documents: readonly DocumentWrite[]) => Promise<void>) {
    this.#name = name;
    this.#stored = stored;
    this.#append = append;
    // Known to be there, so that they are removed, and written anew where their tasks remain.
    for (const key of stored?.parts.keys() ?? []) this.#written.set(key, null);
  }

  load(): Promise<AgentState | null> {
    const stored = this.#stored;
    this.#stored = null;
    if (stored === null) return Promise.resolve(null);
    const head = JSON.parse(stored.head) as Head;
    const whole = <P>(parts: readonly (string | P)[]): P[] =>
      parts.map((part) => (typeof part === "string" ? (JSON.parse(stored.parts.get(part) ?? "null") as P) : part));
    const engine = { ...head.engine, tasks: whole(head.engine.tasks), past: whole(head.engine.past) };
    return Promise.resolve({ ...head, engine });
  }

  async save(state: AgentState): Promise<void> {
    const { tasks, past } = state.engine;
    const documents: DocumentWrite[] = [];
    const written = new Map<string, unknown>();
    const keysOf = (parts: readonly Part[]): string[] => parts.map((part) => this.#writePart(part, written, documents));
    const head: Head = { ...state, engine: { ...state.engine, tasks: keysOf(tasks), past: keysOf(past) } };
    for (const key of this.#written.keys()) {
      if (!written.has(key)) documents.push({ kind: partKind, key, body: null });
    }
    documents.push({ kind: headKind, key: this.#name, body: JSON.stringify(head) });
    this.#written = written;
    try {
      await this.#append(documents);
    } catch (error) {
      // Which of it was written is open: with the next save all of it is written again.
      for (const { kind, key } of documents) if (kind === partKind) this.#written.set(key, null);
      throw error;
    }
  }

  /** What takes this disk away. */
  erased(): readonly DocumentWrite[] {
    const parts = [...this.#written.keys()].map((key) => ({ kind: partKind, key, body: null }));
    this.#written.clear();
    this.#stored = null;
    return [{ kind: headKind, key: this.#name, body: null }, ...parts];
  }

  #writePart(part: Part, written: Map<string, unknown>, documents: DocumentWrite[]): string {
    const key = `${this.#name} ${part.arn}`;
    const last = this.#written.get(key);
    if (isAs(part, last, copiedLevels)) {
      written.set(key, last);
    } else {
      documents.push({ kind: partKind, key, body: JSON.stringify(part) });
      written.set(key, copyOf(part, copiedLevels));
    }
    return key;
  }
}

/** The task, its lists, and what is in them: the engine changes these in place, and replaces everything that is below. */
const copiedLevels = 3;

function copyOf(value: unknown, levels: number): unknown {
  if (levels === 0 || typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((each) => copyOf(each, levels - 1));
  const from = value as Record<string, unknown>;
  const copy: Record<string, unknown> = {};
  for (const name in from) copy[name] = copyOf(from[name], levels - 1);
  return copy;
}

function isAs(value: unknown, copy: unknown, levels: number): boolean {
  if (value === copy) return true;
  if (levels === 0 || typeof value !== "object" || value === null) return false;
  if (typeof copy !== "object" || copy === null) return false;
  if (Array.isArray(value)) {
    if (!Array.isArray(copy) || value.length !== copy.length) return false;
    return value.every((each, index) => isAs(each, copy[index], levels - 1));
  }
  // Parts have all their members from the beginning, so that none can be in the copy alone.
  for (const name in value) {
    const now = (value as Record<string, unknown>)[name];
    if (!isAs(now, (copy as Record<string, unknown>)[name], levels - 1)) return false;
  }
  return true;
}
