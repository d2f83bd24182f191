import type { AgentDisk, AgentState, StateChanges } from "../../agent/agent-disk.ts";
import { DamagedError, type DocumentWrite } from "../../store/store.ts";

type Engine = AgentState["engine"];
type EngineTask = Engine["tasks"][number];
type PastTask = Engine["past"][number];
type Report = AgentState["submissions"][number];

/** The stored form of a disk: its head, and its parts by kind and key. */
export type StoredDisk = { readonly head: string; readonly parts: ReadonlyMap<PartKind, ReadonlyMap<string, string>> };

/** The head is the state without its tasks and reports, which are documents of their own. */
export const headKind = "disk" as const;
export const partKinds = ["disk-task", "disk-past-task", "disk-report"] as const;
export type PartKind = (typeof partKinds)[number];

/** The host that a part belongs to: the key is the host's name, a space, and a rising number. */
export const hostOfPart = (key: string): string => key.slice(0, key.lastIndexOf(" "));
const numberOf = (key: string): number => Number(key.slice(key.lastIndexOf(" ") + 1));

/** The key of each written part's document. */
type Keys = Map<object, string>;
const noKeys = (): Record<PartKind, Keys> => ({
  "disk-task": new Map(),
  "disk-past-task": new Map(),
  "disk-report": new Map(),
});

/**
 * The disk of a host in this process. An agent saves with every step, which changes one or two of its tasks, of possibly thousands. So each
 * task and each report is a document, and a save costs only what changed.
 */
export class HostDisk implements AgentDisk {
  readonly #name: string;
  readonly #append: (documents: readonly DocumentWrite[]) => Promise<void>;
  readonly #place: string;
  #stored: StoredDisk | null;
  #keys = noKeys();
  /** Whether the last state given to `save` has been written, so the next save needs only the changes. */
  #isUpToDate = false;
  /** Documents that may exist but are not parts: the next save removes them. */
  #strays: DocumentWrite[] = [];
  #lastNumber = 0;

  /** `stored` is null for a disk without any writes; it is read once. `place` says where it is, for messages. */
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

  /** Rejects with DamagedError if one of its documents isn't part of a disk. */
  async load(): Promise<AgentState | null> {
    const stored = this.#stored;
    if (stored === null) return null;
    // Before tasks and reports were documents, they were in the head.
    const head = parseDiskDocument<AgentState>(this.#place, headKind, this.#name, stored.head);
    const tasks = partsOf<EngineTask>(stored, "disk-task", this.#place);
    const past = partsOf<PastTask>(stored, "disk-past-task", this.#place);
    const reports = partsOf<Report>(stored, "disk-report", this.#place);
    this.#stored = null;
    this.#keys = { "disk-task": new Map(tasks), "disk-past-task": new Map(past), "disk-report": new Map(reports) };
    this.#strays = [];
    const { engine } = head;
    const whole = {
      tasks: [...engine.tasks, ...tasks.map(([task]) => task)],
      past: [...engine.past, ...past.map(([task]) => task)],
    };
    const submissions = [...head.submissions, ...reports.map(([report]) => report)];
    return { ...head, engine: { ...engine, ...whole }, submissions };
  }

  async save(state: AgentState, changes: StateChanges): Promise<void> {
    const documents: DocumentWrite[] = [
      ...this.#strays,
      { kind: headKind, key: this.#name, body: JSON.stringify(headOf(state)) },
    ];
    if (this.#isUpToDate) this.#writeChanges(changes, documents);
    else this.#writeAll(state, changes, documents);
    this.#isUpToDate = true;
    this.#strays = [];
    try {
      await this.#append(documents);
    } catch (error) {
      // It is unknown what was written: the next save writes everything again, with other keys.
      this.#strays = documents.filter(({ kind }) => kind !== headKind).concat(this.#removals());
      this.#strays = this.#strays.map((document) => ({ ...document, body: null }));
      this.#keys = noKeys();
      this.#isUpToDate = false;
      throw error;
    }
  }

  /** The writes that remove this disk. */
  erased(): readonly DocumentWrite[] {
    const documents = [{ kind: headKind, key: this.#name, body: null }, ...this.#strays, ...this.#removals()];
    this.#stored = null;
    this.#keys = noKeys();
    this.#isUpToDate = false;
    this.#strays = [];
    return documents;
  }

  /** Adds to `documents` the removal of what is gone, and what is new or changed. */
  #writeChanges({ written, past, reports, gone, taken }: StateChanges, documents: DocumentWrite[]): void {
    for (const part of gone)
      this.#remove(this.#keys["disk-task"].has(part) ? "disk-task" : "disk-past-task", part, documents);
    for (const report of taken) this.#remove("disk-report", report, documents);
    for (const task of written) this.#write("disk-task", task, documents);
    for (const task of past) this.#write("disk-past-task", task, documents);
    for (const report of reports) this.#write("disk-report", report, documents);
  }

  /** Adds to `documents` everything that differs from the writes of a disk that may not know this state. */
  #writeAll(state: AgentState, { written }: StateChanges, documents: DocumentWrite[]): void {
    const lists = [
      ["disk-task", state.engine.tasks],
      ["disk-past-task", state.engine.past],
      ["disk-report", state.submissions],
    ] as const;
    for (const [kind, list] of lists) {
      const parts: ReadonlySet<object> = new Set<object>(list);
      for (const part of [...this.#keys[kind].keys()]) if (!parts.has(part)) this.#remove(kind, part, documents);
      const changed: ReadonlySet<object> = written;
      for (const part of parts)
        if (!this.#keys[kind].has(part) || changed.has(part)) this.#write(kind, part, documents);
    }
  }

  #write(kind: PartKind, part: object, documents: DocumentWrite[]): void {
    let key = this.#keys[kind].get(part);
    if (key === undefined) {
      this.#lastNumber += 1;
      key = `${this.#name} ${this.#lastNumber}`;
      this.#keys[kind].set(part, key);
    }
    documents.push({ kind, key, body: JSON.stringify(part) });
  }

  #remove(kind: PartKind, part: object, documents: DocumentWrite[]): void {
    const key = this.#keys[kind].get(part);
    // It came and went between two saves.
    if (key === undefined) return;
    this.#keys[kind].delete(part);
    documents.push({ kind, key, body: null });
  }

  #removals(): DocumentWrite[] {
    return partKinds.flatMap((kind) =>
      [...this.#keys[kind].values()].map((key): DocumentWrite => ({ kind, key, body: null })),
    );
  }
}

/** The state without what has its own documents. */
function headOf({ format, containerInstanceArn, agentVersion, engine }: AgentState): AgentState {
  const { removing, sequence, manifestId, portCursor, attached } = engine;
  const head = { tasks: [], past: [], removing, sequence, manifestId, portCursor, attached };
  return { format, containerInstanceArn, agentVersion, engine: head, submissions: [] };
}

/** The parts of one kind, in the order they were first written, with their keys. */
function partsOf<P>({ parts }: StoredDisk, kind: PartKind, place: string): [P, string][] {
  const sorted = [...(parts.get(kind) ?? [])].sort(([one], [other]) => numberOf(one) - numberOf(other));
  return sorted.map(([key, body]) => [parseDiskDocument<P>(place, kind, key, body), key]);
}

/** The members that the agent reads first, and whether they are lists. */
const membersOf: Readonly<Record<typeof headKind | PartKind, (value: Readonly<Record<string, unknown>>) => boolean>> = {
  disk: ({ containerInstanceArn, engine, submissions }) => {
    const { tasks, past } = (engine ?? {}) as { readonly tasks?: unknown; readonly past?: unknown };
    return typeof containerInstanceArn === "string" && [tasks, past, submissions].every(Array.isArray);
  },
  "disk-task": ({ arn, containers, changes, leftovers }) =>
    typeof arn === "string" && [containers, changes, leftovers].every(Array.isArray),
  "disk-past-task": ({ arn, forgetAt }) => typeof arn === "string" && typeof forgetAt === "number",
  "disk-report": ({ task }) => typeof task === "string",
};

/** Parses a document of a disk. Throws DamagedError if it is invalid. */
export function parseDiskDocument<P>(place: string, kind: typeof headKind | PartKind, key: string, body: string): P {
  try {
    const value = JSON.parse(body) as Readonly<Record<string, unknown>> | null;
    if (value !== null && membersOf[kind](value)) return value as P;
  } catch {
    // Invalid JSON.
  }
  throw new DamagedError(
    `${place}, document ${kind} "${key}": it is not the document of a host. That host is left out until the document is restored. Stop Berth and run "berth check" on the data directory.`,
  );
}
