import type { AgentDisk, AgentState, StateChanges } from "../../agent/agent-disk.ts";
import { DamagedError, type DocumentWrite } from "../../store/store.ts";

type Engine = AgentState["engine"];
type EngineTask = Engine["tasks"][number];
type PastTask = Engine["past"][number];
type Report = AgentState["submissions"][number];

/** What is stored of a disk: its head, and its parts by kind and then by key. */
export type StoredDisk = { readonly head: string; readonly parts: ReadonlyMap<PartKind, ReadonlyMap<string, string>> };

/** The document of a disk: the state without its tasks and reports, each of which is a document of its own. */
export const headKind = "disk" as const;
export const partKinds = ["disk-task", "disk-past-task", "disk-report"] as const;
export type PartKind = (typeof partKinds)[number];

/** Whose disk a part is of: its key is the name of the host, a space, and a number that rises. */
export const hostOfPart = (key: string): string => key.slice(0, key.lastIndexOf(" "));
const numberOf = (key: string): number => Number(key.slice(key.lastIndexOf(" ") + 1));

/** The key of the document of each part that was written. */
type Keys = Map<object, string>;
const noKeys = (): Record<PartKind, Keys> => ({
  "disk-task": new Map(),
  "disk-past-task": new Map(),
  "disk-report": new Map(),
});

/**
 * The disk of a host in this process. An agent saves with every step, and a step is about one or two of its tasks, of which it may have
 * thousands: so each task and each report is a document, and a save costs what has changed.
 */
export class HostDisk implements AgentDisk {
  readonly #name: string;
  readonly #append: (documents: readonly DocumentWrite[]) => Promise<void>;
  readonly #place: string;
  #stored: StoredDisk | null;
  #keys = noKeys();
  /** Whether what is written is the last state that was given to `save`: then the changes are all there is to write. */
  #isUpToDate = false;
  /** Documents that may be there and are no part: the next save removes them. */
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
    // Of a disk that was written before tasks and reports were documents, the head has them.
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
      // What of it was written is open: with the next save everything is written again, under other keys.
      this.#strays = documents.filter(({ kind }) => kind !== headKind).concat(this.#removals());
      this.#strays = this.#strays.map((document) => ({ ...document, body: null }));
      this.#keys = noKeys();
      this.#isUpToDate = false;
      throw error;
    }
  }

  /** What takes this disk away. */
  erased(): readonly DocumentWrite[] {
    const documents = [{ kind: headKind, key: this.#name, body: null }, ...this.#strays, ...this.#removals()];
    this.#stored = null;
    this.#keys = noKeys();
    this.#isUpToDate = false;
    this.#strays = [];
    return documents;
  }

  /** Adds to `documents` what was written to disk before and is gone, and what is new or changed. */
  #writeChanges({ written, past, reports, gone, taken }: StateChanges, documents: DocumentWrite[]): void {
    for (const part of gone)
      this.#remove(this.#keys["disk-task"].has(part) ? "disk-task" : "disk-past-task", part, documents);
    for (const report of taken) this.#remove("disk-report", report, documents);
    for (const task of written) this.#write("disk-task", task, documents);
    for (const task of past) this.#write("disk-past-task", task, documents);
    for (const report of reports) this.#write("disk-report", report, documents);
  }

  /** Adds to `documents` what differs from what was written by somebody who may know nothing of this state. */
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

/** The state without what has documents of its own. */
function headOf({ format, containerInstanceArn, agentVersion, engine }: AgentState): AgentState {
  const { removing, sequence, manifestId, portCursor, attached } = engine;
  const head = { tasks: [], past: [], removing, sequence, manifestId, portCursor, attached };
  return { format, containerInstanceArn, agentVersion, engine: head, submissions: [] };
}

/** The parts of a disk of one kind, in the order in which they were first written, with their keys. */
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
  "disk-report": ({ task }) => typeof task === "string",
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
