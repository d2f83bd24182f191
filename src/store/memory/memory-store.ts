import { assert } from "../../lib/assert.ts";
import { berthVersion } from "../../lib/berth-version.ts";
import { appendRefusal, fenceRefusal, forgottenDownTo } from "../append-refusal.ts";
import {
  type Append,
  type ListedPartition,
  type OpenedPartition,
  type Store,
  type StoreCondition,
  type StoredEvent,
  StoreError,
  type TakeDocuments,
} from "../store.ts";

/**
 * What is durable: plain data without behaviour, so it can be copied with `structuredClone`. It outlives the store: a new store
 * over the same disk sees everything that was kept.
 */
export type MemoryDisk = {
  readonly partitions: Map<string, MemoryPartition>;
  /** The highest epoch and sequence of all removed partitions. New ones continue from there. */
  readonly removed: { epoch: number; lastSequence: number };
};

export type MemoryPartition = {
  epoch: number;
  lastSequence: number;
  neededAt: number | null;
  /** The version of the Berth that appended last. */
  writtenBy: string | null;
  /** Bodies by kind, then by key. */
  readonly documents: Map<string, Map<string, string>>;
  /** Without gaps, oldest first. */
  readonly events: StoredEvent[];
  /** The bytes of their bodies. */
  eventBytes: number;
  /** The newest `at` of its appends. */
  newestAt: number;
};

/**
 * `fail`: nothing is kept and the append rejects with {@link StoreError}. `kept-but-failed`: it is kept and still rejects, like a
 * disk that reports an error after the bytes have arrived.
 */
export type AppendFate = "ok" | "fail" | "kept-but-failed";

export type MemoryStoreOptions = {
  /** The version of Berth that writes; by default this one. */
  readonly version?: string;
  readonly disk?: MemoryDisk;
  /** Called before an append reaches the disk. A late answer is a slow disk. */
  readonly beforeAppend?: (partition: string) => Promise<AppendFate>;
  /** Awaited between keeping an append and answering. A crash here leaves it kept but not acknowledged. */
  readonly beforeAnswer?: (partition: string) => Promise<void>;
  /** Awaited before a partition is read: a slow disk. */
  readonly beforeOpen?: (partition: string) => Promise<void>;
};

export function emptyMemoryDisk(): MemoryDisk {
  return { partitions: new Map(), removed: { epoch: 0, lastSequence: 0 } };
}

/**
 * The store without a medium, for `--in-memory` and the simulator. It uses no timers or randomness of its own, so a run is
 * repeatable if its hooks are.
 */
export class MemoryStore implements Store {
  readonly medium = "memory";
  readonly #disk: MemoryDisk;
  readonly #version: string;
  readonly #beforeAppend: MemoryStoreOptions["beforeAppend"];
  readonly #beforeAnswer: MemoryStoreOptions["beforeAnswer"];
  readonly #beforeOpen: MemoryStoreOptions["beforeOpen"];
  /** The newest append of each partition. Settles without ever rejecting. */
  readonly #appendsUnderWay = new Map<string, Promise<void>>();
  #state: "open" | "closed" | "crashed" = "open";
  #failing: string | null = null;

  constructor(options: MemoryStoreOptions = {}) {
    this.#disk = options.disk ?? emptyMemoryDisk();
    this.#version = options.version ?? berthVersion();
    this.#beforeAppend = options.beforeAppend;
    this.#beforeAnswer = options.beforeAnswer;
    this.#beforeOpen = options.beforeOpen;
  }

  async open(partition: string, take?: TakeDocuments): Promise<OpenedPartition> {
    if (this.#beforeOpen !== undefined) await this.#beforeOpen(partition);
    await this.#mustBeOpen();
    let held = this.#disk.partitions.get(partition);
    if (held === undefined) {
      const fresh = { neededAt: 0, writtenBy: null, documents: new Map(), events: [], eventBytes: 0, newestAt: 0 };
      held = { ...this.#disk.removed, ...fresh };
      this.#disk.partitions.set(partition, held);
    }
    held.epoch += 1;
    const documents = [];
    for (const [kind, bodies] of held.documents) {
      for (const [key, body] of bodies) documents.push({ kind, key, body });
    }
    const { epoch, lastSequence, neededAt, writtenBy } = held;
    const opened = { epoch, lastSequence, neededAt, writtenBy };
    if (take === undefined) return { ...opened, documents };
    if (documents.length > 0) await take(documents, opened);
    return { ...opened, documents: [] };
  }

  async append(partition: string, epoch: number, append: Append): Promise<void> {
    // No await before the append has its place in the order of calls.
    if (this.#state !== "open") return this.#mustBeOpen();
    const before = this.#appendsUnderWay.get(partition) ?? Promise.resolve();
    const kept = before.then(() => this.#keep(partition, epoch, append));
    this.#appendsUnderWay.set(
      partition,
      kept.catch(() => {}),
    );
    return kept;
  }

  async remove(partition: string, epoch: number): Promise<void> {
    if (this.#state !== "open") return this.#mustBeOpen();
    // Earlier appends come first, as on any medium.
    await this.#appendsUnderWay.get(partition);
    if (this.#isCrashed()) return forever();
    const held = this.#disk.partitions.get(partition) ?? null;
    const refusal = fenceRefusal(partition, held, epoch);
    if (refusal !== null || held === null) throw refusal;
    const { removed } = this.#disk;
    removed.epoch = Math.max(removed.epoch, held.epoch);
    removed.lastSequence = Math.max(removed.lastSequence, held.lastSequence);
    this.#disk.partitions.delete(partition);
    this.#appendsUnderWay.delete(partition);
  }

  async readEvents(partition: string, afterSequence: number, limit: number): Promise<StoredEvent[]> {
    await this.#mustBeOpen();
    assert(limit >= 0, "limit is not negative");
    const held = this.#disk.partitions.get(partition);
    if (held === undefined) return [];
    const oldest = held.lastSequence - held.events.length + 1;
    const start = Math.max(0, afterSequence + 1 - oldest);
    return held.events.slice(start, start + limit);
  }

  async partitions(prefix: string): Promise<ListedPartition[]> {
    await this.#mustBeOpen();
    const names = [...this.#disk.partitions.keys()].filter((name) => name.startsWith(prefix)).sort();
    return names.map((name) => ({ name, neededAt: this.#disk.partitions.get(name)?.neededAt ?? null }));
  }

  async newestAt(): Promise<number> {
    await this.#mustBeOpen();
    return [...this.#disk.partitions.values()].reduce((newest, held) => Math.max(newest, held.newestAt), 0);
  }

  condition(): StoreCondition {
    return { failing: this.#failing, damaged: [], warnings: [] };
  }

  async close(): Promise<void> {
    if (this.#isCrashed()) return forever();
    this.#state = "closed";
    await Promise.all(this.#appendsUnderWay.values());
  }

  /**
   * The process dies: from now on nothing of this store reaches the disk and none of its promises settles. An append under way is
   * kept if it had reached the disk.
   */
  crash(): void {
    this.#state = "crashed";
  }

  async #keep(partition: string, epoch: number, append: Append): Promise<void> {
    const fate = this.#beforeAppend === undefined ? "ok" : await this.#beforeAppend(partition);
    if (this.#isCrashed()) return forever();
    this.#failing = fate === "ok" ? null : "The simulated disk failed.";
    if (fate === "fail") throw new StoreError(`Partition "${partition}": the simulated disk failed`);

    const held = this.#disk.partitions.get(partition) ?? null;
    const refusal = appendRefusal(partition, held, epoch, append);
    if (refusal !== null) throw refusal;
    if (held !== null) {
      write(held, append);
      held.writtenBy = this.#version;
    }

    if (this.#beforeAnswer !== undefined) await this.#beforeAnswer(partition);
    if (this.#isCrashed()) return forever();
    if (fate === "kept-but-failed") throw new StoreError(`Partition "${partition}": the simulated disk failed`);
  }

  #isCrashed(): boolean {
    return this.#state === "crashed";
  }

  async #mustBeOpen(): Promise<void> {
    if (this.#isCrashed()) return forever();
    if (this.#state === "closed") throw new StoreError("The store is closed");
  }
}

function write(held: MemoryPartition, append: Append): void {
  for (const { kind, key, body } of append.documents) {
    let bodies = held.documents.get(kind);
    if (bodies === undefined) {
      bodies = new Map();
      held.documents.set(kind, bodies);
    }
    if (body === null) bodies.delete(key);
    else bodies.set(key, body);
  }
  if (append.neededAt !== undefined) held.neededAt = append.neededAt;
  for (const event of append.events) held.events.push(event);
  for (const { body } of append.events) held.eventBytes += Buffer.byteLength(body);
  held.lastSequence += append.events.length;
  held.newestAt = Math.max(held.newestAt, append.at ?? 0);
  if (append.forgetEventsThrough !== undefined) {
    const oldest = held.lastSequence - held.events.length + 1;
    forget(held, Math.max(0, append.forgetEventsThrough - oldest + 1));
  }
  const { eventBytesMax = Number.POSITIVE_INFINITY } = append;
  if (held.eventBytes > eventBytesMax) forget(held, oldestBeyond(held, eventBytesMax));
}

function forget(held: MemoryPartition, count: number): void {
  for (const { body } of held.events.splice(0, count)) held.eventBytes -= Buffer.byteLength(body);
}

/** How many of the oldest events have to go. */
function oldestBeyond({ events, eventBytes }: MemoryPartition, eventBytesMax: number): number {
  const target = forgottenDownTo(eventBytesMax);
  let left = eventBytes;
  return (
    events.findIndex(({ body }) => {
      left -= Buffer.byteLength(body);
      return left <= target;
    }) + 1
  );
}

/** What a caller inside a dead process gets. */
function forever(): Promise<never> {
  return new Promise(() => {});
}
