import type { AgentDisk, AgentState } from "../agent/agent-disk.ts";
import { DamagedError, type DocumentWrite } from "../store/store.ts";

type Engine = AgentState["engine"];
type EngineTask = Engine["tasks"][number];
type PastTask = Engine["past"][number];

/** What is stored of a disk: its head, and its tasks by kind and then by key. */
export type StoredDisk = { readonly head: string; readonly parts: ReadonlyMap<PartKind, ReadonlyMap<string, string>> };

/** The document of a disk: the state without the tasks, each of which is a document of its own. */
export const headKind = "disk" as const;
export const partKinds = ["disk-task", "disk-past-task"] as const;
export type PartKind = (typeof partKinds)[number];

/** Whose disk a document of a task is part of: its key is the name of the host, a space, and a number that rises. */
export const hostOfPart = (key: string): string => key.slice(0, key.lastIndexOf(" "));
const numberOf = (key: string): number => Number(key.slice(key.lastIndexOf(" ") + 1));

/** The key of the document of each task that was written. */
type Keys<P> = ReadonlyMap<P, string>;

/**
 * The disk of a host in this process. An agent saves with every step, and a step is about one or two of its tasks: so each
 * task is a document, and only those that changed are made into text and written.
 */
export class HostDisk implements AgentDisk {
  readonly #name: string;
  readonly #append: (documents: readonly DocumentWrite[]) => Promise<void>;
  readonly #place: string;
  #stored: StoredDisk | null;
  #tasks: Keys<EngineTask> = new Map();
  #past: Keys<PastTask> = new Map();
  /** Documents that may be there and are no task's: the next save removes them. */
  #strays: DocumentWrite[] = [];
  #lastNumber = 0;

  /** `stored` is null for a disk that nothing was written to; it is read once. `place` says where, for messages. */
  constructor(
    name: string,
    stored: StoredDisk | null,
    append: (documents: readonly DocumentWrite[]) => Promise<void>,
    place = "memory",
  ) {
    this.#name = name;
    this.#stored = stored;
    this.#append = append;
    this.#place = place;
    for (const [kind, bodies] of stored?.parts ?? []) {
      for (const key of bodies.keys()) {
        this.#strays.push({ kind, key, body: null });
        this.#lastNumber = Math.max(this.#lastNumber, numberOf(key));
      }
    }
  }

  /** Rejects with DamagedError when one of its documents is no part of a disk. */
  async load(): Promise<AgentState | null> {
    const stored = this.#stored;
    if (stored === null) return null;
    // Of a disk that was written before tasks were documents, the head has them.
    const head = parseDiskDocument<AgentState>(this.#place, headKind, this.#name, stored.head);
    const tasks = new Map<EngineTask, string>(partsOf(stored, "disk-task", this.#place));
    const past = new Map<PastTask, string>(partsOf(stored, "disk-past-task", this.#place));
    this.#stored = null;
    this.#tasks = tasks;
    this.#past = past;
    this.#strays = [];
    const { engine } = head;
    const whole = { tasks: [...engine.tasks, ...tasks.keys()], past: [...engine.past, ...past.keys()] };
    return { ...head, engine: { ...engine, ...whole } };
  }

  async save(state: AgentState, changed: ReadonlySet<object>): Promise<void> {
    const head: AgentState = { ...state, engine: { ...state.engine, tasks: [], past: [] } };
    const documents: DocumentWrite[] = [
      ...this.#strays,
      { kind: headKind, key: this.#name, body: JSON.stringify(head) },
    ];
    this.#tasks = this.#writeParts("disk-task", state.engine.tasks, this.#tasks, changed, documents);
    this.#past = this.#writeParts("disk-past-task", state.engine.past, this.#past, changed, documents);
    this.#strays = [];
    try {
      await this.#append(documents);
    } catch (error) {
      // What of it was written is open: with the next save everything is written again, under other keys.
      this.#strays = documents.filter(({ kind }) => kind !== headKind).concat(this.#removals());
      this.#strays = this.#strays.map((document) => ({ ...document, body: null }));
      this.#tasks = new Map();
      this.#past = new Map();
      throw error;
    }
  }

  /** What takes this disk away. */
  erased(): readonly DocumentWrite[] {
    const documents = [{ kind: headKind, key: this.#name, body: null }, ...this.#strays, ...this.#removals()];
    this.#stored = null;
    this.#tasks = new Map();
    this.#past = new Map();
    this.#strays = [];
    return documents;
  }

  /** Adds to `documents` what is new or changed of `parts`, and what is gone; gives the keys of all. */
  #writeParts<P extends object>(
    kind: PartKind,
    parts: readonly P[],
    written: Keys<P>,
    changed: ReadonlySet<object>,
    documents: DocumentWrite[],
  ): Keys<P> {
    const keys = new Map<P, string>();
    let kept = 0;
    for (const part of parts) {
      const known = written.get(part);
      if (known !== undefined) kept += 1;
      else this.#lastNumber += 1;
      const key = known ?? `${this.#name} ${this.#lastNumber}`;
      keys.set(part, key);
      if (known === undefined || changed.has(part)) documents.push({ kind, key, body: JSON.stringify(part) });
    }
    if (kept === written.size) return keys;
    for (const [part, key] of written) if (!keys.has(part)) documents.push({ kind, key, body: null });
    return keys;
  }

  #removals(): DocumentWrite[] {
    const removalsOf = (kind: PartKind, keys: Iterable<string>) =>
      [...keys].map((key): DocumentWrite => ({ kind, key, body: null }));
    return [...removalsOf("disk-task", this.#tasks.values()), ...removalsOf("disk-past-task", this.#past.values())];
  }
}

/** The tasks of a disk, in the order in which they were first written, with their keys. */
function partsOf<P>({ parts }: StoredDisk, kind: PartKind, place: string): [P, string][] {
  const sorted = [...(parts.get(kind) ?? [])].sort(([one], [other]) => numberOf(one) - numberOf(other));
  return sorted.map(([key, body]) => [parseDiskDocument<P>(place, kind, key, body), key]);
}

/** The members that the agent reads before it looks at anything else, and whether they are lists. */
const membersOf: Readonly<Record<typeof headKind | PartKind, (value: Readonly<Record<string, unknown>>) => boolean>> = {
  disk: ({ containerInstanceArn, engine, submissions }) => {
    const { tasks, past } = (engine ?? {}) as { readonly tasks?: unknown; readonly past?: unknown };
    return typeof containerInstanceArn === "string" && [tasks, past, submissions].every(Array.isArray);
  },
  "disk-task": ({ arn, containers, changes, leftovers }) =>
    typeof arn === "string" && [containers, changes, leftovers].every(Array.isArray),
  "disk-past-task": ({ arn, forgetAt }) => typeof arn === "string" && typeof forgetAt === "number",
};

/** A document of a disk. Throws DamagedError when it is none. */
export function parseDiskDocument<P>(place: string, kind: typeof headKind | PartKind, key: string, body: string): P {
  try {
    const value = JSON.parse(body) as Readonly<Record<string, unknown>> | null;
    if (value !== null && membersOf[kind](value)) return value as P;
  } catch {
    // Not even JSON.
  }
  throw new DamagedError(
    `${place}, document ${kind} "${key}": it is not the document of a host. That host is left out until the document is restored. Stop Berth and run "berth check" on the data directory.`,
  );
}
